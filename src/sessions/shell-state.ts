import type { Listing, Variable } from './shell-listing.js'
import { guard, type Wrapping } from './wrapper.js'

/** What a session knows between two commands. Text is one character a byte. */
export interface ShellState {
  readonly cwd: string
  /** The environment of programs. */
  readonly env: ReadonlyMap<string, string>
  /** Names in `env` that the shell must not be started with; `restore` has them. */
  readonly hidden: ReadonlySet<string>
  /** What the shell reads before each command, in its own language. */
  readonly restore: string
  readonly tracing: Wrapping['tracing']
  readonly functions: ReadonlySet<string>
  readonly aliases: ReadonlySet<string>
  /** Whether a program that is started by itself has all that it would have from the shell. */
  readonly bare: boolean
}

/** A shell's own affairs, which begin anew with each. */
const neverKept =
  /^(_|SHLVL|BASH(?!_ENV$|_XTRACEFD$).*|SHELLOPTS|E?UID|PPID|GROUPS|DIRSTACK|FUNCNAME|PIPESTATUS|LINENO|S?RANDOM|SECONDS|EPOCH.*|HISTCMD|COMP_.*|OPT(IND|ARG|ERR)|__ANYON_.*)$/
/** What changes how a shell, or any program, starts: the session's own shell must always start. */
const notAtStart = /^(LD_.*|BASH_.*|ENV|IFS|PS4|POSIXLY_CORRECT|GLIBC_.*|MALLOC_.*)$/
/** The kernel takes no string that is longer than 128 KiB. */
const longestAtStart = 96 * 1024
/** Options that no command can do without, or that are not an option's business. */
const keptOption =
  /^(set (allexport|braceexpand|errexit|errtrace|functrace|hashall|ignoreeof|keyword|noclobber|noglob|nounset|physical|pipefail|posix)|shopt (?!login_shell$|restricted_shell$)\w+)$/

/** With this, bash reads every function that it has listed, whatever was set when it was made. */
const readsAll = 'shopt -s extglob'

/** The state that a listing shows, as far as it differs from that of a shell which was just started. */
export function toState(
  shell: 'bash' | 'sh',
  listing: Listing,
  fresh: Listing,
  given: ReadonlyMap<string, string>,
): ShellState {
  const env = new Map([...given].filter(([name]) => !/^[A-Za-z_]\w*$/.test(name)))
  const hidden = new Set<string>()
  const known = new Set(fresh.variables.map(({ text }) => text))
  const statements: string[] = []
  for (const variable of listing.variables) {
    if (neverKept.test(variable.name)) continue
    if (variable.exported && variable.value !== undefined) env.set(variable.name, variable.value)
    if (startsWithTheShell(variable)) continue
    if (variable.exported) hidden.add(variable.name)
    else if (known.has(variable.text)) continue
    statements.push(variable.text)
  }
  const { functions, aliases } = listing
  const umask = listing.umask === fresh.umask ? [] : [`umask ${listing.umask}`]
  const options = changedOptions(listing.options, fresh.options)
  // Once the functions and aliases are there, words may mean something else.
  const guarded = (statement: string) => guard[shell] + statement
  const restore = [
    ...umask,
    ...statements,
    ...(functions.text === '' ? [] : [readsAll, functions.text.trimEnd()]),
    ...functions.exported.map((name) => guarded(`declare -fx -- ${name}`)),
    ...(functions.text === '' || listing.options.includes('shopt extglob')
      ? []
      : [guarded(readsAll.replace('-s', '-u'))]),
    ...options.filter((option) => option.startsWith('shopt ')).map(guarded),
    ...[...aliases.values()].map(guarded),
    ...options.filter((option) => option.startsWith('set ')).map(guarded),
  ]
  return {
    cwd: listing.cwd,
    env,
    hidden,
    restore: restore.filter(Boolean).join('\n'),
    tracing: (['xtrace', 'verbose'] as const).filter((name) => listing.options.includes(`set ${name}`)),
    functions: new Set(functions.names),
    aliases: new Set(aliases.keys()),
    bare: umask.length === 0 && functions.exported.length === 0,
  }
}

/** What the environment alone hands from one shell to the next. */
function startsWithTheShell({ name, exported, special, value }: Variable): boolean {
  return (
    exported && !special && value !== undefined && value.length <= longestAtStart && !notAtStart.test(name)
  )
}

/** The statements that make options what they are, where a fresh shell has them otherwise. */
function changedOptions(on: readonly string[], fresh: readonly string[]): string[] {
  const changed = [
    ...on.filter((option) => !fresh.includes(option)).map((option) => [option, true] as const),
    ...fresh.filter((option) => !on.includes(option)).map((option) => [option, false] as const),
  ]
  return changed
    .filter(([option]) => keptOption.test(option))
    .map(([option, isOn]) =>
      option.startsWith('set ')
        ? option.replace('set ', isOn ? 'set -o ' : 'set +o ')
        : option.replace('shopt ', isOn ? 'shopt -s ' : 'shopt -u '),
    )
}
