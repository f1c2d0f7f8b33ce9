import { MIN_REDACTED_BYTES } from './redact-forms.js'
import type { RedactionPatterns } from './redact-patterns.js'

const EMPTY = Buffer.alloc(0)

/** What follows a gap: a mask for the rest of a secret that began in it, and what comes behind that. */
export interface GapEnd {
  readonly mask: Buffer
  readonly rest: Buffer
}

/**
 * Looks at the first bytes behind a gap: at least six that end a secret are the rest of one that the gap has cut, which
 * its patterns would not find. Fewer are met by chance, and come as they are.
 */
export class AfterGap {
  private held: Buffer = EMPTY
  /** How much of what is held was given out already. */
  private given = 0

  constructor(private readonly patterns: RedactionPatterns) {}

  /** Too little has come to tell anything by. */
  get isShort(): boolean {
    return this.held.length > this.given && this.held.length < MIN_REDACTED_BYTES
  }

  /** What is held, though it could belong to more that has not come yet. */
  release(): Buffer {
    const bytes = this.held.subarray(this.given)
    this.given = this.held.length
    return bytes
  }

  /** Undefined as long as more has to come to tell. `isEnd`: nothing more will. */
  push(bytes: Uint8Array, isEnd = false): GapEnd | undefined {
    this.held = Buffer.concat([this.held, bytes])
    const { held } = this
    if (held.length < MIN_REDACTED_BYTES) return isEnd ? { mask: EMPTY, rest: this.release() } : undefined
    let longest = 0
    let mask = EMPTY
    for (const { bytes: form, name } of this.patterns.forms) {
      const length = restIn(form, held, this.given > 0 ? 0 : 1)
      if (length > held.length && !isEnd) return undefined
      if (length <= longest) continue
      longest = Math.min(length, held.length)
      mask = Buffer.from(name)
    }
    return { mask, rest: held.subarray(Math.max(longest, this.given)) }
  }
}

/**
 * How many bytes at the end of `form` begin as `text` does, or all of it; 0: none. `from`: 0 where the whole of a form
 * counts too, since its first bytes were given out and will not be seen by the patterns.
 */
function restIn(form: Buffer, text: Buffer, from: 0 | 1): number {
  const start = text.subarray(0, MIN_REDACTED_BYTES)
  for (let at = form.indexOf(start, from); at !== -1; at = form.indexOf(start, at + 1)) {
    const rest = form.subarray(at, at + text.length)
    if (text.subarray(0, rest.length).equals(rest)) return form.length - at
  }
  return 0
}
