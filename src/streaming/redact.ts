import { MIN_REDACTED_BYTES } from './redact-forms.js'
import type { PatternIndex } from './redact-index.js'
import type { RedactionPatterns } from './redact-patterns.js'
import { asBuffer } from './utf8.js'

const EMPTY = Buffer.alloc(0)

export interface RedactorOptions {
  readonly patterns: RedactionPatterns
  /** Given all bytes in order, never empty; parts of what was pushed where that is possible. */
  onBytes(bytes: Uint8Array): void
  /**
   * After how long a pause the beginning of what could be a secret is given out, as in a prompt that ends like one
   * begins. Default: 50 ms.
   */
  readonly maxHoldMs?: number
}

/** Masks secrets in one stream of bytes, wherever it is cut into chunks. */
export interface Redactor {
  /** Bytes that were pushed and wait, since they could be the beginning of a secret. */
  readonly heldBytes: number
  push(bytes: Uint8Array): void
  /**
   * Gives out what waits, but never as much as half of a secret; called by itself after `maxHoldMs`. If the rest of the
   * secret comes later after all, that is masked.
   */
  release(): void
  /** The stream ends here: gives out all that waits. What is pushed then is another text. */
  end(): void
  /** The same where it has a gap: what waits is masked if it is the beginning of a secret, of six bytes or more. */
  cut(): void
}

/**
 * Each byte that belongs to an occurrence of a pattern is masked, all others stay as they are; occurrences that overlap
 * become one mask, with the name of the first. Only bytes that could be the beginning of an occurrence are held back.
 *
 * Between holding those for ever and showing a secret that is printed in two parts stands {@link Redactor.release}: a
 * reader sees a prompt, and less than half of any secret, however slowly it is printed. Without patterns, bytes pass
 * untouched.
 */
export function createRedactor(options: RedactorOptions): Redactor {
  return new StreamRedactor(options)
}

class StreamRedactor implements Redactor {
  readonly #patterns: RedactionPatterns
  readonly #onBytes: (bytes: Uint8Array) => void
  readonly #maxHoldMs: number
  #timer: NodeJS.Timeout | undefined
  /** The end of the text, from where a pattern may begin. */
  #held: Buffer = EMPTY
  /** How much of what is held has been given out, as it is or as a mask; and where in it the last mask's place ends. */
  #given = 0
  #masked = 0
  #releasable = 0

  constructor({ patterns, onBytes, maxHoldMs = 50 }: RedactorOptions) {
    this.#patterns = patterns
    this.#onBytes = onBytes
    this.#maxHoldMs = maxHoldMs
  }

  get heldBytes(): number {
    return this.#held.length - this.#given
  }

  push(bytes: Uint8Array): void {
    const { index } = this.#patterns
    if (bytes.length === 0) return
    if (index === undefined) return this.#onBytes(bytes)
    const text = asBuffer(bytes)
    const from = this.#held.length === 0 ? 0 : this.#join(text, index)
    if (from !== undefined) {
      const heldFrom = this.#pass(text, from, index)
      this.#held = heldFrom === text.length ? EMPTY : Buffer.from(text.subarray(heldFrom))
    }
    if (this.heldBytes > 0) this.#arm()
  }

  release(): void {
    const to = Math.min(this.#releasable, this.#held.length)
    if (to <= this.#given) return
    const bytes = this.#held.subarray(this.#given, to)
    this.#given = to
    this.#onBytes(bytes)
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const index = this.#held.length > 0 ? this.#patterns.index : undefined
    if (index !== undefined) this.#pass(this.#held, 0, index, true)
    this.#held = EMPTY
    this.#given = this.#masked = 0
  }

  cut(): void {
    const beginning = this.#held.length < MIN_REDACTED_BYTES || this.heldBytes === 0 ? undefined : this.#held
    const cut = beginning && [...this.#patterns.forms].find(({ bytes }) => startsWith(bytes, beginning))
    if (cut) {
      this.#held = EMPTY
      this.#onBytes(Buffer.from(cut.name))
    }
    this.end()
  }

  /**
   * Passes what is held and as much of `text` as any occurrence that begins in it can reach; the place in `text` from
   * where to go on, or undefined when that was all. So a large chunk is not copied for the sake of a few bytes.
   */
  #join(text: Buffer, index: PatternIndex): number | undefined {
    const before = this.#held.length
    const joint = Buffer.concat([this.#held, text.subarray(0, index.longest)])
    const heldFrom = this.#pass(joint, 0, index)
    if (text.length > index.longest) return heldFrom - before
    this.#held = joint.subarray(heldFrom)
    return undefined
  }

  /** Gives out `text` from `from` up to where a pattern may begin, which it returns. */
  #pass(text: Buffer, from: number, index: PatternIndex, isEnd = false): number {
    const { occurrences, heldFrom: open, releasableTo } = index.scan(text, from)
    const heldFrom = isEnd ? text.length : open
    let releasable = releasableTo
    let given = from + this.#given
    let masked = from + this.#masked
    for (const { start, end, name } of occurrences) {
      if (start > heldFrom) {
        releasable = Math.min(releasable, start)
        break
      }
      if (start >= masked) {
        if (start > given) this.#onBytes(text.subarray(given, start))
        this.#onBytes(Buffer.from(name))
      }
      masked = Math.max(masked, end)
      given = Math.max(given, masked)
    }
    if (heldFrom > given) {
      this.#onBytes(given === 0 && heldFrom === text.length ? text : text.subarray(given, heldFrom))
    }
    this.#given = Math.max(0, given - heldFrom)
    this.#masked = Math.max(0, masked - heldFrom)
    this.#releasable = releasable - heldFrom
    return heldFrom
  }

  #arm(): void {
    if (this.#timer === undefined) this.#timer = setTimeout(() => this.release(), this.#maxHoldMs).unref()
    else this.#timer.refresh()
  }
}

function startsWith(bytes: Buffer, beginning: Buffer): boolean {
  return bytes.subarray(0, beginning.length).equals(beginning)
}
