import { invalidOption } from '../errors/invalid-option.js'
import { programOf, type CommandWord, type FoundCommand } from './word.js'

/**
 * Which commands a rule is about. All that it names must hold.
 *
 * @example
 * ```ts
 * const rule: CommandRule = { name: 'force-push', program: 'git', args: ['push'], options: ['f|force'] }
 * ```
 */
export interface CommandRule {
  /** What a refusal is told by. */
  readonly name: string
  /** The program by its name without a folder, several of them, or a pattern of such names. */
  readonly program: string | readonly string[] | RegExp
  /** The words right after the program, such as `['status']` for `git status`. */
  readonly begins?: readonly string[]
  /** Each must be met by one of the words, wherever it stands. */
  readonly args?: readonly (string | RegExp)[]
  /** Options that must be there, each with its other names: `'r|R|recursive'`. Found in `-rf` and `--recurs` too. */
  readonly options?: readonly string[]
  /** Why, for people. */
  readonly reason?: string
}

/** Whether a rule is about a command; `maybe` where that depends on words that are only known when it runs. */
export type RuleMatch = 'no' | 'maybe' | 'yes'

/** Checks a list of rules. Throws `INVALID_OPTION`. */
export function checkRules(option: string, rules: readonly CommandRule[]): void {
  rules.forEach(({ name, program }, index) => {
    if (typeof name !== 'string' || name === '') {
      throw invalidOption(`${option}[${index}].name`, 'must be a text that is not empty', name)
    }
    if (typeof program === 'string' || Array.isArray(program) || program instanceof RegExp) return
    throw invalidOption(`${option}[${index}].program`, 'must be a name, names or a RegExp', program)
  })
}

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
