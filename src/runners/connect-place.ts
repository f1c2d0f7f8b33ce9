import { ContainersError } from '../errors/containers-error.js'
import { SupervisorConnection } from '../supervisor/connection.js'
import type { SessionOptions } from '../supervisor/resume.js'
import type { OpenedPlace, StreamOpener } from './place.js'

/** How long a supervisor may take to say HELLO on a stream that is open. */
const helloMs = 20_000
/** How often a stream is opened that ends before anything was said on it: over ten cuts in a row. */
const triesWhenCut = 11
/** How long it may take on a shortcut, which may be taken by others, or lead to nobody who knows it. */
export const shortcutHelloMs = 500

/** A place whose supervisor has said HELLO. */
export interface ConnectedPlace {
  readonly place: OpenedPlace
  readonly connection: SupervisorConnection
}

/** How a connection is to be kept, and who is told when its stream is lost. */
export interface KeepOptions {
  readonly session: SessionOptions | undefined
  /** For longer, the supervisor may take our silence for our end. */
  readonly silenceMs: number
  onInterrupted(connected: ConnectedPlace, lost: ContainersError): void
}

/** Opens a stream and waits for its supervisor. Rejects with a `ContainersError` only. */
export async function connectPlace(
  open: StreamOpener,
  signal: AbortSignal,
  keep: KeepOptions,
): Promise<ConnectedPlace> {
  let mayShortcut = keep.session !== undefined // nothing else can go on over another stream
  for (let left = keep.session ? triesWhenCut : 1; ; left--) {
    let place: OpenedPlace | undefined
    try {
      place = await openPlace(open, signal, mayShortcut)
      const connected = await hello(place, signal, keep)
      const { over } = connected.connection
      if (over) throw over // both came at once, and what had begun would be lost with it
      return connected
    } catch (error) {
      mayShortcut = false
      if (place?.isShortcut) {
        left++ // it is no try: why it led to nobody, the usual way will show
        continue
      }
      const lost = asContainersError(error)
      if (left > 1 && wasCut(lost) && !place?.complaint()) continue
      if (!place || lost.code !== 'CONNECTION_LOST') throw lost
      throw await place.explainRefusal(lost).catch(() => lost)
    }
  }
}

/** Nothing was asked of a supervisor yet, and nothing was said in its place. */
function wasCut({ code, details }: ContainersError): boolean {
  if (code === 'CONNECTION_LOST') return details['said'] === ''
  return code === 'ENGINE_UNREACHABLE' && details['errno'] === 'ECONNRESET'
}

/** Opens a stream. Rejects with a `ContainersError` only. */
export async function openPlace(
  open: StreamOpener,
  signal: AbortSignal,
  mayShortcut = false,
): Promise<OpenedPlace> {
  try {
    return await open(signal, mayShortcut)
  } catch (error) {
    throw asContainersError(error)
  }
}

function hello(place: OpenedPlace, signal: AbortSignal, keep: KeepOptions): Promise<ConnectedPlace> {
  return new Promise((resolve, reject) => {
    const give = (why: string) => connection.abandon(new ContainersError('CONNECTION_LOST', why))
    const onAbort = () => give('The runner was closed while it connected.')
    const ms = place.isShortcut ? shortcutHelloMs : helloMs
    const timer = setTimeout(() => give(`The supervisor said nothing for ${ms} ms.`), ms)
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
    }
    const events = {
      ready: () => {
        done()
        resolve({ place, connection })
      },
      interrupted: (lost: ContainersError) => keep.onInterrupted({ place, connection }, lost),
      lost: (error: ContainersError) => {
        done()
        reject(error)
      },
    }
    const connection = new SupervisorConnection(place.transport, events, keep.session, keep.silenceMs)
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
