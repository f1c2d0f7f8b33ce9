import { ContainersError } from '../errors/containers-error.js'

/** What a refusal rests on: the policy's word, a question that nobody answered with yes, or its own failure. */
export type RefusalCause = 'denied' | 'asked' | 'policyFailed'

/** A policy refused the command; nothing was run. Code `COMMAND_REFUSED`. */
export class CommandRefusedError extends ContainersError {
  override readonly name = 'CommandRefusedError'

  constructor(
    /** The rule that refused it; `'policy'` when the policy itself failed. */
    readonly rule: string,
    readonly refusal: RefusalCause,
    message: string,
    options: { cause?: unknown } = {},
  ) {
    super('COMMAND_REFUSED', message, { cause: options.cause, details: { rule, refusal } })
  }
}
