import type { HarnessEvent } from './engine-occurrence.js'

interface Reader {
  resolve(result: IteratorResult<HarnessEvent>): void
  reject(error: unknown): void
}

/**
 * What one subscriber has not read yet. Bounded: when full, newer events are counted in one gap at its end, so that
 * a subscriber that does not read costs a fixed amount of memory and learns what it missed, and where.
 */
export class EventQueue implements AsyncIterableIterator<HarnessEvent> {
  #items: HarnessEvent[] = []
  #head = 0
  #waiting: Reader[] = []
  #ended = false
  #failure: { error: unknown } | undefined

  constructor(
    private readonly maxQueued: number,
    private readonly onEnd: () => void,
    /** What is not takes no place. */
    private readonly isWanted: (event: HarnessEvent) => boolean = () => true,
  ) {}

  get size(): number {
    return this.#items.length - this.#head
  }

  push(event: HarnessEvent): void {
    if (this.#ended || !this.isWanted(event)) return
    const reader = this.#waiting.shift()
    if (reader) reader.resolve({ done: false, value: event })
    else if (this.size < this.maxQueued) this.#items.push(event)
    else this.#overflow(event)
  }

  #overflow(event: HarnessEvent): void {
    const last = this.#items.at(-1)
    const [from, to] = event.kind === 'gap' ? [event.from, event.to] : [event.at, event.at]
    const lost = event.kind === 'gap' ? (event.dropped ?? 0) : 1
    if (last?.kind === 'gap' && last.cause === 'overflow') {
      this.#items[this.#items.length - 1] = { ...last, to, dropped: (last.dropped ?? 0) + lost }
    } else {
      this.#items.push({ kind: 'gap', cause: 'overflow', from, to, dropped: lost })
    }
  }

  /** Ends it. What is queued can still be read; with an error, that comes after it. */
  end(error?: unknown): void {
    if (this.#ended) return
    this.#ended = true
    if (error !== undefined) this.#failure = { error }
    for (const reader of this.#waiting.splice(0)) this.#finish(reader)
    this.onEnd()
  }

  #finish(reader: Reader): void {
    const failure = this.#failure
    this.#failure = undefined
    if (failure) reader.reject(failure.error)
    else reader.resolve({ done: true, value: undefined })
  }

  next(): Promise<IteratorResult<HarnessEvent>> {
    const value = this.#items[this.#head]
    if (value) {
      this.#head += 1
      if (this.#head === this.#items.length || this.#head > 1024) {
        this.#items = this.#items.slice(this.#head)
        this.#head = 0
      }
      return Promise.resolve({ done: false, value })
    }
    return new Promise((resolve, reject) => {
      if (this.#ended) this.#finish({ resolve, reject })
      else this.#waiting.push({ resolve, reject })
    })
  }

  return(): Promise<IteratorResult<HarnessEvent>> {
    this.#items = []
    this.#head = 0
    this.end()
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
