import { finished, type Readable } from 'node:stream'
import type { ContainersError } from '../errors/containers-error.js'
import type { StampedEntry } from './log-entry.js'
import { framedEntries, rawEntries, type EntryParser } from './parse-entries.js'

const HIGH_WATER_BYTES = 1024 * 1024
/** After that a reader who takes nothing loses the connection, and reading goes on where it was, over a new one. */
const MAX_STALL_MS = 1000

/** Why a connection gave nothing more. */
export type LogOutcome =
  | { kind: 'ended' }
  /** Given up because the reader was slow. */
  | { kind: 'released' }
  | { kind: 'lost'; error: Error }

/** The entries of one read of a log. The engine waits a moment for a slow reader, and is let go then. */
export class LogConnection {
  #entries: StampedEntry[] = []
  #bytes = 0
  #outcome: LogOutcome | undefined
  #wake = (): void => {}
  #stall: NodeJS.Timeout | undefined
  readonly #parser: EntryParser

  constructor(
    private readonly source: Readable,
    terminal: boolean,
    private readonly onEntry: (entry: StampedEntry) => boolean,
  ) {
    const take = (entry: StampedEntry): void => this.#take(entry)
    const fail = (error: ContainersError): void => this.#end({ kind: 'lost', error })
    this.#parser = terminal ? rawEntries(take) : framedEntries(take, fail)
    source.on('data', (chunk: Buffer) => this.#parse(() => this.#parser.push(chunk)))
    finished(source, { writable: false }, (error) => {
      if (error) return this.#end({ kind: 'lost', error })
      this.#parse(() => this.#parser.end())
      this.#end({ kind: 'ended' })
    })
  }

  /** What arrived since the last call, waiting for something; the outcome once there is nothing more. */
  async next(): Promise<StampedEntry[] | LogOutcome> {
    if (this.#entries.length === 0 && this.#outcome === undefined) {
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
    if (this.#entries.length === 0 && this.#outcome !== undefined) return this.#outcome
    const entries = this.#entries
    this.#entries = []
    this.#bytes = 0
    clearTimeout(this.#stall)
    this.#stall = undefined
    this.source.resume()
    return entries
  }

  /** Makes a waiting `next` answer, with no entries if there are none. */
  wake(): void {
    this.#wake()
  }

  close(error?: Error): void {
    this.#end(error === undefined ? { kind: 'released' } : { kind: 'lost', error })
  }

  #parse(step: () => void): void {
    if (this.#outcome !== undefined) return
    try {
      step()
    } catch (error) {
      this.#end({ kind: 'lost', error: error instanceof Error ? error : new Error(String(error)) })
    }
  }

  #take(entry: StampedEntry): void {
    if (this.#outcome !== undefined || !this.onEntry(entry)) return
    this.#entries.push(entry)
    this.#bytes += entry.bytes.length + 64
    this.#wake()
    if (this.#bytes < HIGH_WATER_BYTES || this.#stall !== undefined) return
    this.source.pause()
    this.#stall = setTimeout(() => this.close(), MAX_STALL_MS)
    this.#stall.unref()
  }

  #end(outcome: LogOutcome): void {
    if (this.#outcome !== undefined) return
    this.#outcome = outcome
    clearTimeout(this.#stall)
    this.source.destroy()
    this.#wake()
  }
}
