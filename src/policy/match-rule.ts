import type { CommandRule } from './command-rule.js'
import { programOf, type CommandWord, type FoundCommand } from './word.js'

/** Whether a rule is about a command; `maybe` where that depends on words that are only known when it runs. */
export type RuleMatch = 'no' | 'maybe' | 'yes'

/** Holds a rule against a command. */
export function matchRule(rule: CommandRule, command: FoundCommand): RuleMatch {
  const program = programOf(command)
  // It may become several words, so that no argument is sure either.
  if (program === undefined) return 'maybe'
  const [, ...args] = command.words
  const matches = [
    matchProgram(rule.program, program),
    ...(rule.begins ?? []).map((word, at) => matchWord(word, args[at])),
    ...(rule.args ?? []).map((pattern) => any(args, (word) => matchWord(pattern, word))),
    ...(rule.options ?? []).map((names) => matchOption(names.split('|'), args)),
  ]
  if (matches.includes('no')) return 'no'
  return matches.includes('maybe') ? 'maybe' : 'yes'
}

function matchProgram(rule: CommandRule['program'], program: string): RuleMatch {
  if (rule instanceof RegExp) return test(rule, program)
  return yesOrNo(typeof rule === 'string' ? rule === program : rule.includes(program))
}

function matchWord(pattern: string | RegExp, word: CommandWord | undefined): RuleMatch {
  if (word === undefined) return 'no'
  if (typeof word === 'string') {
    return typeof pattern === 'string' ? yesOrNo(pattern === word) : test(pattern, word)
  }
  if (typeof pattern === 'string') return pattern.startsWith(word.prefix) || word.mayBeOption ? 'maybe' : 'no'
  return word.pattern !== undefined && test(pattern, word.pattern) === 'yes' ? 'yes' : 'maybe'
}

function matchOption(names: readonly string[], args: readonly CommandWord[]): RuleMatch {
  const end = args.indexOf('--')
  return any(end === -1 ? args : args.slice(0, end), (word) => {
    if (typeof word !== 'string') return word.mayBeOption ? 'maybe' : 'no'
    if (!word.startsWith('-') || word === '-') return 'no'
    if (!word.startsWith('--')) return yesOrNo(names.some((name) => name.length === 1 && word.includes(name)))
    const given = word.slice(2).split('=')[0] ?? ''
    return yesOrNo(names.some((name) => name.length > 1 && given !== '' && name.startsWith(given)))
  })
}

function any(words: readonly CommandWord[], match: (word: CommandWord) => RuleMatch): RuleMatch {
  const matches = words.map(match)
  if (matches.includes('yes')) return 'yes'
  return matches.includes('maybe') ? 'maybe' : 'no'
}

/** Not `test` alone: a global pattern would remember where it was. */
function test(pattern: RegExp, text: string): RuleMatch {
  return yesOrNo(text.search(pattern) !== -1)
}

function yesOrNo(is: boolean): RuleMatch {
  return is ? 'yes' : 'no'
}
