import { secretInvalid } from '../model/secret-error.js'
import { shownSecret } from '../model/secret.js'
import { formsOf, hasForms, MIN_REDACTED_BYTES } from './redact-forms.js'
import { PatternIndex } from './redact-index.js'

/**
 * The values that are to be masked: one set for all streams and texts of a run. It only grows: what was a secret once,
 * as before a rotation, may still be printed later.
 */
export class RedactionPatterns {
  /** By form, as latin1. */
  readonly #names = new Map<string, string>()
  /** What was added and not looked for yet: most commands print nothing, and the spellings take a while to make. */
  #fresh: { readonly name: string; readonly value: Buffer }[] = []
  #index: PatternIndex | undefined

  /**
   * From now on the value is masked as `[secret name]`: plain, in base64 (at any place in a longer text, both alphabets),
   * URL-encoded, escaped for JSON, quoted for a shell; one of several lines by line, but for those below 6 bytes. Throws
   * `SECRET_INVALID` for a value in which there is nothing of 6 bytes or more to look for.
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
  get forms(): readonly { readonly bytes: Buffer; readonly name: string }[] {
    return this.index ? this.#patterns() : []
  }

  /** Undefined as long as there is nothing to look for. */
  get index(): PatternIndex | undefined {
    for (const { name, value } of this.#fresh.splice(0)) this.#spell(name, value)
    if (this.#names.size > 0) this.#index ??= new PatternIndex(this.#patterns())
    return this.#index
  }

  #spell(name: string, value: Buffer): void {
    for (const form of formsOf(value)) {
      const key = form.toString('latin1')
      if (!this.#names.has(key)) this.#names.set(key, shownSecret(name))
    }
    value.fill(0)
  }

  #patterns(): { bytes: Buffer; name: string }[] {
    return Array.from(this.#names, ([form, name]) => ({ bytes: Buffer.from(form, 'latin1'), name }))
  }
}
