import { invalidOption } from '../errors/invalid-option.js'
import type { CommandPolicy, PolicedCommand } from './command-policy.js'
import { checkRules, type CommandRule } from './command-rule.js'

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
      const { judge } = await import('./judge.js')
      const verdict = await judge(command.argv, { deny, allow, ask, unknown })
      if (verdict.action !== 'ask' || !onAsk) return verdict
      const { rule, reason } = verdict
      if (await onAsk({ command, rule, reason }, { signal })) return { action: 'allow' }
      return { action: 'deny', rule, reason: `${reason} It was asked about, and the answer was no.` }
    },
  }
}
