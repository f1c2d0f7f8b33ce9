import { errorCodes, type ErrorCode } from './error-code.js'

const brand = Symbol.for('@anyon/containers.error')

/** What a {@link ContainersError} may be given beside its code and message. */
export interface ContainersErrorOptions {
  cause?: unknown
  /** Plain facts for programs; never holds a secret. */
  details?: Readonly<Record<string, unknown>>
  /** Overrides what the code says by itself. */
  retryable?: boolean
}

/**
 * The root of every error that this library throws. Match on `code`; the message is for people and names the
 * thing, the rule and the value, and what to do.
 *
 * @example
 * ```ts
 * try {
 *   await harness.create({ image: 'nginx', name: 'web' })
 * } catch (error) {
 *   if (isContainersError(error, 'NAME_TAKEN')) await harness.container('web').remove({ force: true })
 *   else throw error
 * }
 * ```
 */
export class ContainersError extends Error {
  override readonly name: string = 'ContainersError'
  /** Whether the same call can succeed later without a change. */
  readonly retryable: boolean
  readonly details: Readonly<Record<string, unknown>>

  constructor(
    readonly code: ErrorCode,
    message: string,
    options: ContainersErrorOptions = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.retryable = options.retryable ?? errorCodes[code].retryable
    this.details = options.details ?? {}
    Object.defineProperty(this, brand, { value: true })
  }

  /** Plain data for logs. `cause` stays out: it may hold what somebody else's library put into it. */
  toJSON(): { name: string; code: ErrorCode; message: string; retryable: boolean; details: object } {
    const { name, code, message, retryable, details } = this
    return { name, code, message, retryable, details }
  }
}

/** Whether `value` is an error of this library (of any copy of it), and of the code asked for. */
export function isContainersError(value: unknown, code?: ErrorCode): value is ContainersError {
  if (!(value instanceof Error) || !(brand in value)) return false
  return code === undefined || ('code' in value && value.code === code)
}
