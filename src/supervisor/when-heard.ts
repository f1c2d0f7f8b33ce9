import { ContainersError } from '../errors/containers-error.js'
import type { Transport, TransportSink } from './transport.js'

/**
 * Resolves when the peer has said something, with a transport that says it again to whoever opens that. Rejects with
 * `CONNECTION_LOST` when it ends before.
 */
export function whenHeard(transport: Transport): Promise<Transport> {
  return new Promise((resolve, reject) => {
    const heard: Uint8Array[] = []
    let sink: TransportSink | undefined
    let ending: { readonly error: Error | undefined } | undefined
    const again: Transport = {
      open(to) {
        sink = to
        queueMicrotask(() => {
          for (const bytes of heard) to.data(bytes)
          if (ending) to.end(ending.error)
        })
      },
      write: (pieces) => transport.write(pieces),
      end: () => transport.end(),
      destroy: () => transport.destroy(),
      hold: (keepAlive) => transport.hold(keepAlive),
    }
    transport.open({
      data(bytes) {
        if (sink) return sink.data(bytes)
        heard.push(bytes)
        resolve(again)
      },
      end(error) {
        ending = { error }
        sink?.end(error)
        reject(
          new ContainersError('CONNECTION_LOST', 'The stream ended before anything was said on it.', {
            cause: error,
          }),
        )
      },
    })
  })
}
