import { logGap, type LogGap, type StampedEntry } from './log-entry.js'

/** How much is read between two looks. */
const WINDOW_BYTES = 256 * 1024
/** By then what the streams say of the window has arrived, whichever was late. */
const SETTLE_MS = 1000

interface Window {
  /** Its entries are later than this one… */
  readonly from: string
  count: number
  bytes: number
}

/** A stretch of the log: later than `from`, up to and with `to`. */
export interface LogStretch {
  readonly from: string
  readonly to: string
}

/** What a fresh read found of a stretch. */
export interface StretchCount {
  readonly count: number
  /** Whether the log still holds the entry at `from`, and so all of the stretch. */
  readonly whole: boolean
}

/**
 * Finds out what the engine leaves out of a log that it follows: when the log is rotated, it goes on with the new
 * file wherever it was in the old one, and says nothing. So the entries received are counted against a fresh read.
 */
export class LossWatch {
  #open: Window | undefined
  #newest = ''
  #closing: (Window & LogStretch) | undefined
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> = Promise.resolve()
  readonly #found: LogGap[] = []

  constructor(private readonly count: (stretch: LogStretch) => Promise<StretchCount>) {}

  note({ stamp, bytes }: StampedEntry): void {
    if (this.#open === undefined) {
      this.#open = { from: stamp, count: 0, bytes: 0 }
      this.#newest = stamp
      return
    }
    if (stamp > this.#newest) this.#newest = stamp
    if (this.#closing !== undefined && stamp <= this.#closing.to) {
      if (stamp > this.#closing.from) this.#closing.count++
      return
    }
    if (stamp > this.#open.from) this.#open.count++
    this.#open.bytes += bytes.length
    if (this.#open.bytes >= WINDOW_BYTES && this.#closing === undefined && this.#newest > this.#open.from) {
      this.#closing = { ...this.#open, to: this.#newest }
      this.#open = { from: this.#newest, count: 0, bytes: 0 }
      this.#timer = setTimeout(() => this.#look(), SETTLE_MS)
      this.#timer.unref()
    }
  }

  /** Gaps found since the last call. */
  take(): LogGap[] {
    return this.#found.splice(0)
  }

  /** Looks at all that was not looked at yet. */
  async finish(): Promise<void> {
    this.#look()
    await this.#looking
    if (this.#open === undefined || this.#newest <= this.#open.from) return
    this.#closing = { ...this.#open, to: this.#newest }
    this.#look()
    await this.#looking
  }

  /** Begins anew with the next entry: a gap before it is already known. */
  restart(): void {
    this.stop()
    this.#open = this.#closing = undefined
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #look(): void {
    clearTimeout(this.#timer)
    this.#looking = this.#looking.then(() => this.#compare())
  }

  async #compare(): Promise<void> {
    const window = this.#closing
    if (window === undefined) return
    const { from, to } = window
    const there = await this.count({ from, to }).catch(() => undefined) // the reading itself will tell
    if (this.#closing !== window) return // restarted meanwhile
    this.#closing = undefined
    if (there === undefined) return
    if (there.count > window.count) this.#found.push(logGap(from, to, there.count - window.count))
    else if (!there.whole && there.count < window.count) this.#found.push(logGap(from, to))
  }
}
