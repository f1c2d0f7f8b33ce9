import type { CommandPolicy, PolicedCommand, PolicyDecision } from './command-policy.js'
import { CommandRefusedError } from './command-refused-error.js'

/** Asks the policy. Whatever is not a plain yes is a refusal, its own failure too. */
export async function refusalOf(
  policy: CommandPolicy,
  command: PolicedCommand,
  signal: AbortSignal,
): Promise<CommandRefusedError | undefined> {
  const program = JSON.stringify(command.argv[0])
  let decision: PolicyDecision
  try {
    decision = await policy.decide(command, { signal })
  } catch (cause) {
    const message = `${program} was refused: the policy failed, and nothing runs without its word.`
    return new CommandRefusedError('policy', 'policyFailed', message, { cause })
  }
  switch (decision?.action) {
    case 'allow':
      return undefined
    case 'deny': {
      const message = `${program} was refused by the rule ${decision.rule}: ${decision.reason}`
      return new CommandRefusedError(decision.rule, 'denied', message)
    }
    case 'ask': {
      const message = `${program} was refused: the rule ${decision.rule} wants somebody asked, and the policy asks nobody. ${decision.reason}`
      return new CommandRefusedError(decision.rule, 'asked', message)
    }
    default:
      return new CommandRefusedError(
        'policy',
        'policyFailed',
        `${program} was refused: the policy's answer is none of allow, deny and ask.`,
      )
  }
}
