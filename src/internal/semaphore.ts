import { abortedError, throwIfAborted } from './abort.js'

/** Lets a number of holders in at a time, in the order of asking. */
export class Semaphore {
  readonly #waiting = new Set<() => void>()
  #free: number

  constructor(places: number) {
    this.#free = places
  }

  /** Resolves with the function that gives the place back (calling it twice does no harm). */
  async acquire(what: string, signal?: AbortSignal): Promise<() => void> {
    throwIfAborted(what, signal)
    if (this.#free > 0) this.#free--
    else await this.#wait(what, signal)
    let held = true
    return () => {
      if (held) this.#release()
      held = false
    }
  }

  #wait(what: string, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        signal?.removeEventListener('abort', leave)
        resolve()
      }
      const leave = (): void => {
        this.#waiting.delete(enter)
        if (signal !== undefined) reject(abortedError(what, signal))
      }
      this.#waiting.add(enter)
      signal?.addEventListener('abort', leave, { once: true })
    })
  }

  #release(): void {
    const [next] = this.#waiting
    if (next === undefined) {
      this.#free++
      return
    }
    this.#waiting.delete(next)
    next()
  }
}
