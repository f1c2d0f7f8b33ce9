import { secretInvalid } from '../model/secret-error.js'
import { shownSecret } from '../model/secret.js'
import { hasForms, MIN_REDACTED_BYTES, spellingsOf } from './redact-forms.js'
import { PatternIndex, type Pattern } from './redact-index.js'

/**
 * The values that are to be masked: one set for all streams and texts of a run. It only grows: what was a secret once,
 * as before a rotation, may still be printed later.
 */
export class RedactionPatterns {
  /** By form, as latin1; later ones of the same form are left out. */
  readonly #patterns = new Map<string, Pattern>()
  /** What was added and not looked for yet: most commands print nothing, and the spellings take a while to make. */
  #fresh: { readonly name: string; readonly value: Buffer }[] = []
  #index: PatternIndex | undefined

  /**
   * From now on the value is masked as `[secret name]`: plain, in base64 (at any place in a longer text, broken into
   * lines or not, both alphabets; also that of how it stands in JSON and in quotes of a shell), URL-encoded, escaped for
   * JSON, quoted for a shell; one of several lines by line, but for those below 6 bytes. Throws `SECRET_INVALID` for a
   * value in which there is nothing of 6 bytes or more to look for.
   */
  add(name: string, value: Uint8Array): void {
    if (!hasForms(value)) {
      const rule = `must have a line of at least ${MIN_REDACTED_BYTES} bytes`
      throw secretInvalid(
        name,
        rule,
        'A shorter one is met by chance, and masking it would garble the output.',
      )
    }
    const own = Buffer.allocUnsafeSlow(value.length)
    own.set(value)
    this.#fresh.push({ name, value: own })
    this.#index = undefined
  }

  /** Every spelling of every value. */
  get forms(): Iterable<Pattern> {
    return this.index ? this.#patterns.values() : []
  }

  /** Undefined as long as there is nothing to look for. */
  get index(): PatternIndex | undefined {
    for (const { name, value } of this.#fresh.splice(0)) this.#spell(name, value)
    if (this.#patterns.size > 0) this.#index ??= new PatternIndex([...this.#patterns.values()])
    return this.#index
  }

  #spell(secret: string, value: Buffer): void {
    const name = shownSecret(secret)
    for (const { text, mayBreak = false } of spellingsOf(value)) {
      if (!this.#patterns.has(text))
        this.#patterns.set(text, { bytes: Buffer.from(text, 'latin1'), name, mayBreak })
    }
    value.fill(0)
  }
}
