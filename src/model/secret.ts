import { invalidOption } from '../errors/invalid-option.js'
import { secretInvalid } from './secret-error.js'

const brand = Symbol.for('@anyon/containers.secret')
/** `util.inspect.custom`, without loading `node:util`. */
const inspectCustom = Symbol.for('nodejs.util.inspect.custom')
const nameShape = /^[A-Za-z0-9][A-Za-z0-9._@:+/-]{0,199}$/

export interface SecretOptions {
  /** From when on it is no longer given to anybody. Default: never. */
  readonly expiresAt?: Date
}

/**
 * A value that does not show itself. Printed, logged, put into JSON, a template string or an error, copied by spread
 * or `structuredClone`, it is its name at most; {@link Secret.reveal} is the only way to what it holds.
 *
 * @example
 * ```ts
 * const secret = new Secret('github/ann', token)
 * console.log(`pushing with ${secret}`) // pushing with [secret github/ann]
 * ```
 */
export class Secret {
  readonly name: string
  /** Milliseconds since 1970, or undefined; a `Date` could be changed by whoever holds it. */
  readonly #expiresAtMs: number | undefined
  readonly #value: Buffer

  /**
   * Text is kept as UTF-8; bytes are copied. Throws `INVALID_OPTION` for a name of other than 1 to 200 letters, digits
   * and `._@:+/-` with a letter or digit first, or for an invalid date, and `SECRET_INVALID` for an empty value.
   */
  constructor(name: string, value: string | Uint8Array, { expiresAt }: SecretOptions = {}) {
    this.name = checkSecretName(name)
    if (typeof value !== 'string' && !(value instanceof Uint8Array)) {
      throw secretInvalid(
        name,
        `must be a string or a Uint8Array, got ${value === null ? 'null' : typeof value}`,
      )
    }
    if (value.length === 0) throw secretInvalid(name, 'must not be empty')
    if (expiresAt !== undefined && !(expiresAt instanceof Date && Number.isFinite(expiresAt.getTime()))) {
      throw invalidOption('expiresAt', 'must be a valid Date', expiresAt)
    }
    this.#expiresAtMs = expiresAt?.getTime()
    this.#value = ownCopy(typeof value === 'string' ? new TextEncoder().encode(value) : value)
    Object.defineProperty(this, brand, { value: true })
    Object.freeze(this)
  }

  get expiresAt(): Date | undefined {
    return this.#expiresAtMs === undefined ? undefined : new Date(this.#expiresAtMs)
  }

  /** Whether `expiresAt` has come. Default: by now. */
  isExpired(at: Date = new Date()): boolean {
    return this.#expiresAtMs !== undefined && at.getTime() >= this.#expiresAtMs
  }

  /** The value, as a copy that the caller may overwrite after use. */
  reveal(): Buffer {
    return ownCopy(this.#value)
  }

  toString(): string {
    return shownSecret(this.name)
  }

  toJSON(): string {
    return shownSecret(this.name)
  }

  [Symbol.toPrimitive](): string {
    return shownSecret(this.name)
  }

  [inspectCustom](): string {
    return shownSecret(this.name)
  }
}

/** In memory of its own: a small Buffer is else a part of a pool, which whoever has another part of it can see. */
function ownCopy(bytes: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length)
  copy.set(bytes)
  return copy
}

/** Whether `value` is a {@link Secret} (of any copy of this library). */
export function isSecret(value: unknown): value is Secret {
  return typeof value === 'object' && value !== null && brand in value
}

/** What stands where a secret would: in a JSON string it stays valid JSON. */
export function shownSecret(name: string): string {
  return `[secret ${name}]`
}

/** Gives the name back, or throws `INVALID_OPTION`. */
export function checkSecretName(name: unknown, option = 'name'): string {
  if (typeof name === 'string' && nameShape.test(name)) return name
  const rule = 'of a secret must be 1 to 200 letters, digits and "._@:+/-", a letter or digit first'
  throw invalidOption(option, rule, name)
}
