import { abortable, throwIfAborted } from '../internal/abort.js'

interface Running<T, P> {
  readonly result: Promise<T>
  readonly listeners: Set<(progress: P) => void>
  readonly controller: AbortController
  callers: number
}

/** Makes one of the same work that several ask for at a time. It is aborted when the last of them gives up. */
export class SharedWork<T, P> {
  readonly #running = new Map<string, Running<T, P>>()

  async join(
    key: string,
    what: string,
    start: (report: (progress: P) => void, signal: AbortSignal) => Promise<T>,
    options: { signal?: AbortSignal | undefined; onProgress?: ((progress: P) => void) | undefined },
  ): Promise<T> {
    throwIfAborted(what, options.signal)
    const work = this.#running.get(key) ?? this.#start(key, start)
    let fail: (error: unknown) => void = () => {}
    const failed = new Promise<never>((_, reject) => (fail = reject))
    const listener = (progress: P): void => {
      try {
        options.onProgress?.(progress)
      } catch (error) {
        work.listeners.delete(listener)
        fail(error)
      }
    }
    work.listeners.add(listener)
    work.callers++
    try {
      return await abortable(Promise.race([work.result, failed]), what, options.signal)
    } finally {
      work.listeners.delete(listener)
      if (--work.callers === 0) {
        if (this.#running.get(key) === work) this.#running.delete(key)
        work.controller.abort()
      }
    }
  }

  #start(
    key: string,
    start: (report: (progress: P) => void, signal: AbortSignal) => Promise<T>,
  ): Running<T, P> {
    const listeners = new Set<(progress: P) => void>()
    const controller = new AbortController()
    const report = (progress: P): void => {
      for (const listener of [...listeners]) listener(progress)
    }
    const result = start(report, controller.signal).finally(() => {
      if (this.#running.get(key)?.controller === controller) this.#running.delete(key)
    })
    result.catch(() => {}) // all who asked may be gone
    const work = { result, listeners, controller, callers: 0 }
    this.#running.set(key, work)
    return work
  }
}
