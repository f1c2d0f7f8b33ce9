import { invalidOption } from '../errors/invalid-option.js'
import type { CommandPolicy, PolicedCommand, PolicyDecision } from './command-policy.js'
import { checkRules, matchRule, type CommandRule, type RuleMatch } from './command-rule.js'
import { surveyCommand } from './survey-command.js'
import { programOf, type CommandSurvey, type FoundCommand } from './word.js'

/** A command that somebody has to decide on. */
export interface PolicyQuestion {
  readonly command: PolicedCommand
  /** The rule that asks; `'unknown'` where part of the command is only known when it runs. */
  readonly rule: string
  readonly reason: string
}

/** Options of {@link rulePolicy}. */
export interface RulePolicyOptions {
  /** Refused. Comes before all the rest. */
  deny?: readonly CommandRule[]
  /** When given, every command must meet one of them, or be a mere wrapper (`sh -c`, `env`, `timeout`) of such. */
  allow?: readonly CommandRule[]
  /** Asked about. */
  ask?: readonly CommandRule[]
  /** Who is asked; true lets the command run. Default: nobody, which is a refusal. */
  onAsk?: (question: PolicyQuestion, options: { readonly signal: AbortSignal }) => boolean | Promise<boolean>
  /**
   * What to do where it is not known before it runs whether a rule is met: a program that a variable names, a script
   * that comes through a pipe, text that is no shell. Default: `'ask'`.
   */
  unknown?: 'ask' | 'deny' | 'allow'
}

/**
 * A policy made of rules, which hold for the command itself and for every command found in it: in the scripts of
 * shells (read by a parser of shell, whatever the quoting), behind `sudo`, `env`, `xargs`, `timeout`, `find -exec` and
 * their like. What an interpreter (`python -c`), a script file or a program of the command's own does is not seen.
 *
 * Throws `INVALID_OPTION`.
 *
 * @example
 * ```ts
 * const policy = rulePolicy({
 *   deny: [{ name: 'recursive-rm', program: 'rm', options: ['r|R|recursive'] }],
 *   ask: [{ name: 'push', program: 'git', args: ['push'] }],
 *   onAsk: ({ reason }) => confirm(reason),
 * })
 * await using runner = new DockerRunner({ harness, container, policy })
 * ```
 */
export function rulePolicy(options: RulePolicyOptions): CommandPolicy {
  const { deny = [], allow, ask = [], onAsk, unknown = 'ask' } = options
  checkRules('deny', deny)
  checkRules('ask', ask)
  if (allow) checkRules('allow', allow)
  if (!['ask', 'deny', 'allow'].includes(unknown)) {
    throw invalidOption('unknown', "must be 'ask', 'deny' or 'allow'", unknown)
  }
  return {
    async decide(command, { signal }) {
      const survey = await surveyCommand(command.argv)
      const verdict = judge(survey, { deny, allow, ask, unknown })
      if (verdict.action !== 'ask' || !onAsk) return verdict
      const { rule, reason } = verdict
      if (await onAsk({ command, rule, reason }, { signal })) return { action: 'allow' }
      return { action: 'deny', rule, reason: `${reason} It was asked about, and the answer was no.` }
    },
  }
}

interface Rules {
  readonly deny: readonly CommandRule[]
  readonly allow: readonly CommandRule[] | undefined
  readonly ask: readonly CommandRule[]
  readonly unknown: 'ask' | 'deny' | 'allow'
}

/** The strictest that any rule says of any command. */
function judge({ commands, unknown }: CommandSurvey, rules: Rules): PolicyDecision {
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
