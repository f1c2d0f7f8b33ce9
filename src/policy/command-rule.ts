import { invalidOption } from '../errors/invalid-option.js'

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
