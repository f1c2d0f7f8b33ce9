interface Shared {
  readonly callbacks: Set<() => void>
  readonly listener: () => void
}

const shared = new WeakMap<AbortSignal, Shared>()

/**
 * Calls back once the signal is aborted, at once if it is already; returns what takes that back. One listener does
 * for all callbacks of a signal: Node warns of a leak at the eleventh, and one signal may well end a hundred calls.
 */
export function onAbort(signal: AbortSignal | undefined, callback: () => void): () => void {
  if (signal === undefined) return () => {}
  if (signal.aborted) {
    callback()
    return () => {}
  }
  const { callbacks, listener } = shared.get(signal) ?? listenTo(signal)
  const own = (): void => callback()
  callbacks.add(own)
  return () => {
    if (!callbacks.delete(own) || callbacks.size > 0) return
    signal.removeEventListener('abort', listener)
    shared.delete(signal)
  }
}

function listenTo(signal: AbortSignal): Shared {
  const callbacks = new Set<() => void>()
  const listener = (): void => {
    for (const callback of callbacks) callback()
  }
  const made = { callbacks, listener }
  shared.set(signal, made)
  signal.addEventListener('abort', listener, { once: true })
  return made
}
