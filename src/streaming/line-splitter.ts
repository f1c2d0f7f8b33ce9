import { invalidOption } from '../errors/invalid-option.js'
import { asBuffer, characterStart } from './utf8.js'

const EMPTY = Buffer.alloc(0)
const LF = 10
const CR = 13
const DEFAULT_MAX_LINE_BYTES = 1024 * 1024
/** What a JavaScript string can surely hold. */
const LARGEST_MAX_LINE_BYTES = 256 * 1024 * 1024
/** Beyond this, the memory of a long line is given back once the line is done. */
const KEPT_CARRY_BYTES = 64 * 1024

/** One line as text, without its line end (`\n` or `\r\n`). */
export interface Line {
  readonly text: string
  /** The line goes on in the next `Line`: it is longer than `maxLineBytes`, or was cut off by a gap. */
  readonly partial: boolean
  /** Bytes that are missing between the line before and this one, because nobody read in time. */
  readonly droppedBefore: number
}

export interface LineOptions {
  /** A longer line is given in pieces of at most so many bytes. 4 bytes to 256 MiB, default 1 MiB. */
  maxLineBytes?: number
}

/** Throws `INVALID_OPTION`. */
export function checkMaxLineBytes(option: string, bytes: number): void {
  if (Number.isInteger(bytes) && bytes >= 4 && bytes <= LARGEST_MAX_LINE_BYTES) return
  throw invalidOption(option, `must be a whole number of bytes from 4 to ${LARGEST_MAX_LINE_BYTES}`, bytes)
}

/**
 * Cuts bytes into lines, one at a time: `push` a chunk, then call `next` until it has nothing more, and so again
 * after `end`. What was not asked for yet can be had back with `takeRest`. Pieces are cut between characters.
 */
export class LineSplitter {
  readonly #maxBytes: number
  #chunk: Buffer = EMPTY
  #at = 0
  /** Where the line at `#at` ends; the chunk's length when its end is not in the chunk; -1 when not looked up. */
  #lineEnd = -1
  /** The beginning of a line, from earlier chunks: the first `#carried` bytes, at most `#maxBytes + 2`. */
  #carry: Buffer = EMPTY
  #carried = 0
  #ended = false
  #droppedBefore = 0

  constructor({ maxLineBytes = DEFAULT_MAX_LINE_BYTES }: LineOptions = {}) {
    checkMaxLineBytes('maxLineBytes', maxLineBytes)
    this.#maxBytes = maxLineBytes
  }

  push(chunk: Uint8Array): void {
    const rest = this.#chunk.length - this.#at
    this.#chunk = rest === 0 ? asBuffer(chunk) : Buffer.concat([this.#chunk.subarray(this.#at), chunk])
    this.#at = 0
    this.#lineEnd = -1
  }

  /** What follows is the end: bytes without a line end are a line too. */
  end(): void {
    this.#ended = true
  }

  /** Bytes are missing here: what there is of a line is given at once, as partial. Call with every line taken. */
  gap(bytes: number): Line | undefined {
    const cut = this.#carried === 0 ? undefined : this.#flush(this.#carried, true)
    this.#droppedBefore += bytes
    return cut
  }

  next(): Line | undefined {
    const chunk = this.#chunk
    if (this.#at === chunk.length && this.#lineEnd === -1) return this.#ended ? this.#last() : this.#release()
    if (this.#lineEnd === -1) {
      const found = chunk.indexOf(LF, this.#at)
      this.#lineEnd = found === -1 ? chunk.length : found
    }
    const start = this.#at
    const end = this.#lineEnd
    const whole = end < chunk.length
    if (whole && this.#carried === 0) {
      const stop = end > start && chunk[end - 1] === CR ? end - 1 : end
      if (stop - start <= this.#maxBytes) {
        this.#at = end + 1
        this.#lineEnd = -1
        return this.#line(chunk.toString('utf8', start, stop), false)
      }
    }
    this.#append(end)
    if (this.#carried === this.#maxBytes + 2) return this.#cut()
    if (!whole) {
      this.#lineEnd = -1
      return this.next()
    }
    const size = this.#carried - (this.#carried > 0 && this.#carry[this.#carried - 1] === CR ? 1 : 0)
    if (size > this.#maxBytes) return this.#cut()
    this.#at = end + 1
    this.#lineEnd = -1
    return this.#flush(size, false)
  }

  /** Takes back all that was pushed and not given as a line. */
  takeRest(): Uint8Array {
    const rest = Buffer.concat([this.#carry.subarray(0, this.#carried), this.#chunk.subarray(this.#at)])
    this.#carried = 0
    this.#release()
    return rest
  }

  /** Carries on with the line up to `end`, or as much of it as is needed to know that it is too long. */
  #append(end: number): void {
    const limit = this.#maxBytes + 2
    const stop = Math.min(end, this.#at + limit - this.#carried)
    const needed = this.#carried + stop - this.#at
    if (needed > this.#carry.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(limit, Math.max(needed, this.#carry.length * 2, 1024)))
      this.#carry.copy(larger, 0, 0, this.#carried)
      this.#carry = larger
    }
    this.#chunk.copy(this.#carry, this.#carried, this.#at, stop)
    this.#carried = needed
    this.#at = stop
  }

  #cut(): Line {
    return this.#flush(characterStart(this.#carry, this.#maxBytes), true)
  }

  /** Gives the first `size` carried bytes; a piece leaves the others, the end of a line leaves none. */
  #flush(size: number, partial: boolean): Line {
    const line = this.#line(this.#carry.toString('utf8', 0, size), partial)
    if (partial) this.#carry.copyWithin(0, size, this.#carried)
    this.#carried = partial ? this.#carried - size : 0
    if (this.#carried === 0 && this.#carry.length > KEPT_CARRY_BYTES) this.#carry = EMPTY
    return line
  }

  #last(): Line | undefined {
    if (this.#carried > this.#maxBytes) return this.#cut()
    return this.#carried > 0 ? this.#flush(this.#carried, false) : undefined
  }

  #release(): undefined {
    this.#chunk = EMPTY
    this.#at = 0
    this.#lineEnd = -1
  }

  #line(text: string, partial: boolean): Line {
    const droppedBefore = this.#droppedBefore
    this.#droppedBefore = 0
    return { text, partial, droppedBefore }
  }
}
