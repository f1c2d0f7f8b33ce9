import { stampToSince, type LogStream, type StampedEntry } from './log-entry.js'

const LINE_END = 10

interface Counted {
  readonly stamp: string
  /** Entries so far with exactly this timestamp: the pieces of a long line share one. */
  readonly count: number
}

interface Last extends Counted {
  /** The first of them, and the newest. */
  readonly first: Uint8Array
  readonly newest: Uint8Array
}

/**
 * How far a log was read, so that reading goes on there over another connection. Each stream of a container is in
 * order by itself; the two may be a moment out of order with each other. An engine that follows across a rotation can
 * go back and say things twice, so what is older than the last entry of its stream was read before.
 */
export class LogPosition {
  readonly #last = new Map<LogStream, Last>()
  readonly #replayed = new Map<LogStream, Counted>()
  #newestSeen = true

  /** `stampedByLine`: the engine gives each line a timestamp of its own, so two lines with one are the same line. */
  constructor(private readonly stampedByLine = false) {}

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
  take(entry: StampedEntry): { repeat: boolean; lost: boolean } {
    const { stream, stamp, bytes } = entry
    if (stamp === '') return { repeat: false, lost: false }
    if (this.#isRepeat(entry)) {
      if (stamp === this.newest) this.#newestSeen = true
      return { repeat: true, lost: false }
    }
    const lost = !this.#newestSeen
    this.#newestSeen = true
    const last = this.#last.get(stream)
    const { count, first } = last?.stamp === stamp ? last : { count: 0, first: bytes }
    this.#last.set(stream, { stamp, count: count + 1, first, newest: bytes })
    return { repeat: false, lost }
  }

  #isRepeat({ stream, stamp, bytes }: StampedEntry): boolean {
    const last = this.#last.get(stream)
    if (last === undefined || stamp > last.stamp) {
      this.#replayed.delete(stream)
      return false
    }
    if (stamp < last.stamp) {
      this.#replayed.set(stream, { stamp: last.stamp, count: 0 })
      return true
    }
    const replayed = this.#replayed.get(stream)?.count ?? last.count
    // It may have gone back having read no more of the new file than this.
    const known = replayed >= last.count && this.#isSaidAgain(last, bytes) ? 0 : replayed
    this.#replayed.set(stream, { stamp, count: known + 1 })
    return known < last.count
  }

  #isSaidAgain({ first, newest }: Last, bytes: Uint8Array): boolean {
    return this.stampedByLine && newest.at(-1) === LINE_END && Buffer.compare(first, bytes) === 0
  }
}
