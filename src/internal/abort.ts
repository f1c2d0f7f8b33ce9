import { ContainersError } from '../errors/containers-error.js'
import { timers } from './builtins.js'

/** The error for a call that its caller aborted; `what` says which, such as `Pulling busybox`. */
export function abortedError(what: string, signal: AbortSignal): ContainersError {
  return new ContainersError('ABORTED', `${what} was aborted by its signal.`, { cause: signal.reason })
}

/** Throws `ABORTED` when the signal has already been aborted. */
export function throwIfAborted(what: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortedError(what, signal)
}

/** Waits for `ms`; rejects with `ABORTED` as soon as the signal is. */
export async function pause(ms: number, what: string, signal?: AbortSignal): Promise<void> {
  try {
    await timers().setTimeout(ms, undefined, signal === undefined ? {} : { signal })
  } catch (error) {
    throw signal?.aborted ? abortedError(what, signal) : error
  }
}

/** Settles as `promise` does, or rejects with `ABORTED` as soon as the signal is; `promise` itself goes on. */
export async function abortable<T>(
  promise: Promise<T>,
  what: string,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (signal === undefined) return promise
  promise.catch(() => {}) // nobody may be left to hear of it
  throwIfAborted(what, signal)
  let onAbort = (): void => {}
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(abortedError(what, signal))
    signal.addEventListener('abort', onAbort, { once: true })
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
