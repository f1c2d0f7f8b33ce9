import { stampToSince, type LogStream, type StampedEntry } from './log-entry.js'

interface Last {
  readonly stamp: string
  /** Entries so far with exactly this timestamp: the pieces of a long line share one. */
  readonly count: number
}

/**
 * How far a log was read, so that reading goes on there over another connection. Each stream of a container is in
 * order by itself; the two may be a moment out of order with each other. An engine that follows across a rotation can
 * go back and say things twice, so what is older than the last entry of its stream was read before.
 */
export class LogPosition {
  readonly #last = new Map<LogStream, Last>()
  readonly #replayed = new Map<LogStream, Last>()
  #newestSeen = true

  /** The newest timestamp read. */
  get newest(): string | undefined {
    const stamps = [...this.#last.values()].map(({ stamp }) => stamp)
    return stamps.sort().at(-1)
  }

  /** From where to ask again: a second early, for what the other stream had yet to say. */
  get since(): string | undefined {
    return this.newest === undefined ? undefined : stampToSince(this.newest, 1)
  }

  /** What comes now begins at `since`. */
  replay(): void {
    this.#newestSeen = this.#last.size === 0
    for (const [stream, { stamp }] of this.#last) this.#replayed.set(stream, { stamp, count: 0 })
  }

  /**
   * Notes an entry. `repeat`: it was read before. `lost`: the last one read before is no longer there, and this is
   * the first that is new, so others may be missing between them.
   */
  take({ stream, stamp }: StampedEntry): { repeat: boolean; lost: boolean } {
    if (stamp === '') return { repeat: false, lost: false }
    if (this.#isRepeat(stream, stamp)) {
      if (stamp === this.newest) this.#newestSeen = true
      return { repeat: true, lost: false }
    }
    const lost = !this.#newestSeen
    this.#newestSeen = true
    const last = this.#last.get(stream)
    this.#last.set(stream, { stamp, count: last?.stamp === stamp ? last.count + 1 : 1 })
    return { repeat: false, lost }
  }

  #isRepeat(stream: LogStream, stamp: string): boolean {
    const last = this.#last.get(stream)
    if (last === undefined || stamp > last.stamp) {
      this.#replayed.delete(stream)
      return false
    }
    if (stamp < last.stamp) {
      this.#replayed.set(stream, { stamp: last.stamp, count: 0 })
      return true
    }
    const replayed = this.#replayed.get(stream)
    if (replayed === undefined) return false
    this.#replayed.set(stream, { stamp, count: replayed.count + 1 })
    return replayed.count < last.count
  }
}
