import { ByteQueue } from './byte-queue.js'
import { createByteReadable, type ByteReadable, type StreamGap } from './byte-readable.js'
import { HeadTailBuffer, type Retained, type Retention } from './head-tail-buffer.js'

const EMPTY = Buffer.alloc(0)

export interface ByteStreamOptions {
  /**
   * Told of every byte that no longer counts against the sender: handed to the reader, or put aside because there
   * is no reader. May be called from inside `push`.
   */
  onConsumed?(bytes: number): void
  /** From how many waiting bytes on `push` answers false. Default: 256 KiB. */
  highWaterMarkBytes?: number
  /**
   * Where given, the sender never waits for a reader who is slow: so many of the newest bytes are kept for one, and
   * a gap is told in place of the others. Everything is consumed at once, and `push` always answers true.
   */
  keepNewestBytes?: number
  /** Offset of the first byte, where what comes is not the beginning. Default: 0. */
  startOffset?: number
  /** What is kept for a reader who comes late. Default: the first and the last 512 KiB. */
  retain?: Retention
}

/** Sees bytes go by; `offset` counts from the start of the stream. */
type Tap = (bytes: Uint8Array, offset: number) => void

/** The feeding side of a {@link ByteReadable}. */
export interface ByteStream {
  readonly readable: ByteReadable
  /** Bytes that wait for the reader and have not been reported as consumed. */
  readonly bufferedBytes: number
  /**
   * Calls `listener` with all that is pushed from now on, whether somebody reads it or not, and with where it begins.
   * It must not throw, and must copy what it keeps. Returns the function that ends it.
   */
  tap(listener: Tap): () => void
  /** Takes the bytes in any case, without copying where it can; false asks the sender to wait for `onConsumed`. */
  push(bytes: Uint8Array): boolean
  /** So many bytes are missing behind what was pushed: the reader is told where it comes to them. */
  skip(bytes: number): void
  /** Ends the readable once all is read. */
  end(): void
  /** Breaks the readable with `error`, once what came before it is read. */
  fail(error: Error): void
  /** Waits no longer for a reader who stalls: until it reads on, it is treated as one that is not there. */
  release(): void
}

/**
 * A stream of bytes fed by `push`, with backpressure only while somebody reads.
 *
 * It counts as opened when Node first asks it for data (`_read`), which every way of reading leads to and which
 * merely holding the stream, or waiting for its events, does not. Until then, and again after the reader left early,
 * bytes are consumed at once and their head and tail are kept; whoever opens it gets those first, then a `'gap'`
 * event where bytes were dropped, then what is live.
 */
export function createByteStream(options: ByteStreamOptions = {}): ByteStream {
  return new PushedStream(options)
}

class PushedStream implements ByteStream {
  readonly readable = createByteReadable({
    onWanted: () => this.#onWanted(),
    onLeft: () => this.#onLeft(),
    onDestroyed: () => this.#onDestroyed(),
  })
  readonly #onConsumed: (bytes: number) => void
  readonly #highWaterMarkBytes: number
  readonly #keepNewestBytes: number | undefined
  /** In the order of reading: what was put aside and is now being read, what is put aside, what is live. */
  #late: Retained | undefined
  readonly #aside: HeadTailBuffer
  readonly #live = new ByteQueue()
  /** Bytes that were dropped in front of what is put aside, and of what is live. */
  readonly #missing = { aside: 0, live: 0 }
  #opened = false
  /** Node has asked and has not been answered. */
  #wanted = false
  /** In bytes of the source, of which some may be missing. */
  #offset: number
  #pushed: number
  readonly #gaps: StreamGap[] = []
  /** What was cut off behind a gap, when both came in one piece. */
  #rest: Uint8Array | undefined
  readonly #taps = new Set<Tap>()
  #closing: { readonly error?: Error } | undefined

  constructor(options: ByteStreamOptions) {
    const { onConsumed, highWaterMarkBytes, keepNewestBytes, retain, startOffset = 0 } = options
    this.#offset = this.#pushed = startOffset
    this.#onConsumed = (bytes) => onConsumed?.(bytes)
    this.#highWaterMarkBytes = highWaterMarkBytes ?? 256 * 1024
    this.#keepNewestBytes = keepNewestBytes
    this.#aside = new HeadTailBuffer(retain ?? { headBytes: 512 * 1024, tailBytes: 512 * 1024 })
  }

  get bufferedBytes(): number {
    return this.#live.bytes
  }

  tap(listener: Tap): () => void {
    this.#taps.add(listener)
    return () => void this.#taps.delete(listener)
  }

  push(bytes: Uint8Array): boolean {
    if (bytes.length === 0) return this.#live.bytes < this.#highWaterMarkBytes
    if (this.#taps.size > 0) for (const tap of this.#taps) tap(bytes, this.#pushed)
    this.#pushed += bytes.length
    if (this.#wanted) {
      this.#hand(bytes)
    } else if (this.#opened && this.#closing === undefined) {
      if (this.#keepNewestBytes === undefined) {
        this.#live.push(bytes)
        return this.#live.bytes < this.#highWaterMarkBytes
      }
      this.#keepNewest(bytes, this.#keepNewestBytes)
    } else if (!this.readable.destroyed && this.#closing === undefined) {
      this.#aside.push(bytes)
    }
    this.#onConsumed(bytes.length)
    return true
  }

  skip(bytes: number): void {
    this.#gaps.push({ offset: this.#pushed, bytes })
    this.#pushed += bytes
    if (this.#wanted) this.#tellGaps()
  }

  end(): void {
    this.#close({})
  }

  fail(error: Error): void {
    this.#close({ error })
  }

  release(): void {
    this.#opened = false
    this.#missing.aside += this.#missing.live
    this.#missing.live = 0
    let released = 0
    for (let bytes = this.#live.shift(); bytes !== undefined; bytes = this.#live.shift()) {
      released += bytes.length
      if (!this.readable.destroyed) this.#aside.push(bytes)
    }
    if (released > 0) this.#taken(released)
  }

  #keepNewest(bytes: Uint8Array, most: number): void {
    const kept = bytes.length > most ? bytes.subarray(bytes.length - most) : bytes
    this.#live.push(kept)
    this.#missing.live += bytes.length - kept.length
    const excess = Math.max(0, this.#live.bytes - most)
    this.#live.drop(excess)
    this.#missing.live += excess
  }

  /** Bytes that waited for the reader wait no longer. */
  #taken(bytes: number): void {
    if (this.#keepNewestBytes === undefined) this.#onConsumed(bytes)
  }

  #close(closing: { readonly error?: Error }): void {
    if (this.#closing !== undefined) return
    this.#closing = closing
    if (this.#wanted) this.#finish(closing)
  }

  #onWanted(): void {
    this.#opened = true
    const late = this.#takeRest() ?? this.#nextLate()
    if (late !== undefined) return this.#hand(late)
    this.#tellMissing('live')
    const bytes = this.#live.shift()
    if (bytes !== undefined) {
      this.#hand(bytes)
      this.#taken(bytes.length)
    } else if (this.#closing !== undefined) {
      this.#finish(this.#closing)
    } else {
      this.#wanted = true
    }
  }

  #onLeft(): void {
    if (this.#wanted) {
      // An empty answer lets Node ask again for the next reader; left unanswered, it never would.
      this.#wanted = false
      this.readable.push(EMPTY)
    }
    this.release()
  }

  #onDestroyed(): void {
    this.#wanted = false
    this.#late = this.#rest = undefined
    this.#aside.take()
    this.release()
  }

  /** The next of what was put aside, reporting the gap in it when that is reached. */
  #nextLate(): Uint8Array | undefined {
    if (this.#late === undefined && this.#aside.totalBytes > 0) {
      this.#tellMissing('aside')
      this.#late = this.#aside.take()
    }
    if (this.#late === undefined) return undefined
    const { head, droppedBytes, tail } = this.#late
    if (head.length > 0) {
      this.#late = { head: EMPTY, droppedBytes, tail }
      return head
    }
    this.#late = undefined
    this.#tellGap(droppedBytes)
    return tail.length > 0 ? tail : this.#nextLate()
  }

  #tellMissing(where: 'aside' | 'live'): void {
    this.#tellGap(this.#missing[where])
    this.#missing[where] = 0
  }

  #tellGap(bytes: number): void {
    if (bytes === 0) return
    this.readable.reportGap({ offset: this.#offset, bytes })
    this.#offset += bytes
  }

  #takeRest(): Uint8Array | undefined {
    const rest = this.#rest
    this.#rest = undefined
    return rest
  }

  /** What is missing at the place that the reader has come to. */
  #tellGaps(): void {
    for (let gap = this.#gaps[0]; gap && gap.offset <= this.#offset; gap = this.#gaps[0]) {
      this.#gaps.shift()
      this.#tellGap(gap.bytes)
    }
  }

  #hand(piece: Uint8Array): void {
    this.#wanted = false
    if (this.readable.destroyed) return
    this.#tellGaps()
    let bytes = piece
    const [next] = this.#gaps
    if (next && next.offset < this.#offset + piece.length) {
      bytes = piece.subarray(0, next.offset - this.#offset)
      this.#rest = piece.subarray(bytes.length)
    }
    this.#offset += bytes.length
    let wantsMore = true
    try {
      wantsMore = this.readable.push(bytes)
    } catch (error) {
      // A reader's listener threw. It is uncaught, as with any stream, but not here, in the midst of a connection.
      process.nextTick(() => {
        throw error
      })
    }
    // A flowing reader already has the bytes: the next may follow in the same turn, before Node asks again.
    const isFlowing = this.readable.readableFlowing === true && !this.readable.destroyed
    if (wantsMore && isFlowing && this.#rest === undefined) this.#wanted = true
  }

  #finish({ error }: { readonly error?: Error }): void {
    this.#wanted = false
    this.#tellGaps()
    if (error === undefined) this.readable.push(null)
    else this.readable.destroy(error)
  }
}
