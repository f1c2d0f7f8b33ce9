import type { PolicyDecision } from './command-policy.js'
import type { CommandRule } from './command-rule.js'
import { matchRule, type RuleMatch } from './match-rule.js'
import { surveyCommand } from './survey-command.js'
import { programOf, type FoundCommand } from './word.js'

/** What a policy of rules goes by. */
export interface Rules {
  readonly deny: readonly CommandRule[]
  readonly allow: readonly CommandRule[] | undefined
  readonly ask: readonly CommandRule[]
  readonly unknown: 'ask' | 'deny' | 'allow'
}

/** The strictest that any rule says of any command that a command runs. */
export async function judge(argv: readonly string[], rules: Rules): Promise<PolicyDecision> {
  const { commands, unknown } = await surveyCommand(argv)
  const denied = first(commands, rules.deny, 'yes')
  if (denied) return { action: 'deny', ...told(denied) }
  const stranger = rules.allow && commands.find((one) => !isAllowed(one, rules.allow ?? []))
  if (stranger) return { action: 'deny', rule: 'allow', reason: `${shown(stranger)} is not on the list.` }
  const asked = first(commands, rules.ask, 'yes')
  if (rules.unknown !== 'allow') {
    const doubt = first(commands, [...rules.deny, ...rules.ask], 'maybe')
    const reason = doubt
      ? `Whether ${shown(doubt.command)} meets the rule ${doubt.rule.name} is only known when it runs.`
      : unknown[0] && `Not all that it runs is known before: ${unknown[0]}.`
    if (reason && (rules.unknown === 'deny' || !asked))
      return { action: rules.unknown, rule: 'unknown', reason }
  }
  return asked ? { action: 'ask', ...told(asked) } : { action: 'allow' }
}

interface Hit {
  readonly rule: CommandRule
  readonly command: FoundCommand
}

function first(
  commands: readonly FoundCommand[],
  rules: readonly CommandRule[],
  match: RuleMatch,
): Hit | undefined {
  for (const command of commands) {
    const rule = rules.find((rule) => matchRule(rule, command) === match)
    if (rule) return { rule, command }
  }
  return undefined
}

function isAllowed(command: FoundCommand, allow: readonly CommandRule[]): boolean {
  return command.transparent || allow.some((rule) => matchRule(rule, command) === 'yes')
}

function told({ rule, command }: Hit): { rule: string; reason: string } {
  return { rule: rule.name, reason: rule.reason ?? `${shown(command)} meets the rule ${rule.name}.` }
}

/** The program alone: arguments may hold secrets. */
function shown(command: FoundCommand): string {
  return programOf(command) ?? 'a program that is only known when it runs'
}
