import { ContainersError } from '../errors/containers-error.js'
import { SupervisorConnection } from '../supervisor/connection.js'
import type { OpenedPlace, StreamOpener } from './place.js'

/** How long a supervisor may take to say HELLO on a stream that is open. */
const helloMs = 20_000

/** A place whose supervisor has said HELLO. */
export interface ConnectedPlace {
  readonly place: OpenedPlace
  readonly connection: SupervisorConnection
}

/** Opens a stream and waits for its supervisor. Rejects with a `ContainersError` only. */
export async function connectPlace(open: StreamOpener, signal: AbortSignal): Promise<ConnectedPlace> {
  let place: OpenedPlace
  try {
    place = await open(signal)
  } catch (error) {
    throw asContainersError(error)
  }
  try {
    return await hello(place, signal)
  } catch (error) {
    const lost = asContainersError(error)
    throw lost.code === 'CONNECTION_LOST' ? await place.explainRefusal(lost).catch(() => lost) : lost
  }
}

function hello(place: OpenedPlace, signal: AbortSignal): Promise<ConnectedPlace> {
  return new Promise((resolve, reject) => {
    const give = (why: string) => connection.abandon(new ContainersError('CONNECTION_LOST', why))
    const onAbort = () => give('The runner was closed while it connected.')
    const timer = setTimeout(() => give(`The supervisor said nothing for ${helloMs} ms.`), helloMs)
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
    }
    const connection = new SupervisorConnection(place.transport, {
      ready: () => {
        done()
        resolve({ place, connection })
      },
      lost: (error) => {
        done()
        reject(error)
      },
    })
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
  })
}

function asContainersError(error: unknown): ContainersError {
  if (error instanceof ContainersError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new ContainersError('CONNECTION_LOST', `The supervisor could not be reached: ${message}`, {
    cause: error,
  })
}
