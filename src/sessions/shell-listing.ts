import { readStatements, unquote } from './shell-text.js'

/** A variable of the shell. */
export interface Variable {
  readonly name: string
  readonly exported: boolean
  /** Whether it is more than text in the environment: an array, a number, readonly. */
  readonly special: boolean
  /** Not of an array. */
  readonly value: string | undefined
  /** The statement that makes it. */
  readonly text: string
}

/** What a shell says of itself, one character a byte. */
export interface Listing {
  readonly cwd: string
  readonly umask: string
  /** Options that are on, such as `set errexit` and `shopt extglob`. */
  readonly options: readonly string[]
  /** Statements that make aliases, by name. */
  readonly aliases: ReadonlyMap<string, string>
  readonly functions: {
    readonly text: string
    readonly names: readonly string[]
    readonly exported: readonly string[]
  }
  readonly variables: readonly Variable[]
}

/** Reads the parts that a wrapped command has listed. */
export function readListing(shell: 'bash' | 'sh', parts: readonly string[]): Listing {
  return shell === 'bash' ? ofBash(parts) : ofSh(parts)
}

function ofBash(parts: readonly string[]): Listing {
  const [set = '', cwd = '', umask = '', aliases = '', text = '', names = '', variables = ''] = parts
  const list = readStatements(variables).flatMap(({ text, words }) => declared(text, words))
  const functions = lines(names).map((line) => line.split(' '))
  return {
    cwd: withoutNewline(cwd),
    umask: withoutNewline(umask),
    options: [
      ...optionsOf('set', set),
      ...optionsOf('shopt', list.find(({ name }) => name === 'BASHOPTS')?.value ?? ''),
    ],
    aliases: readAliases(aliases),
    functions: {
      text,
      names: functions.map((words) => words[2] ?? ''),
      exported: functions.filter((words) => words[1]?.includes('x')).map((words) => words[2] ?? ''),
    },
    variables: list,
  }
}

/** `declare -x NAME="value"`; what has no value is not there yet. */
function declared(text: string, words: readonly string[]): Variable[] {
  const flags = words[1] ?? ''
  const assignment = words[2] ?? ''
  const at = assignment.indexOf('=')
  if (at < 1) return []
  const raw = assignment.slice(at + 1)
  return [
    {
      name: assignment.slice(0, at),
      exported: flags.includes('x'),
      special: /[^-x]/.test(flags),
      value: raw.startsWith('(') ? undefined : unquote(raw),
      text,
    },
  ]
}

function ofSh(parts: readonly string[]): Listing {
  const [options = '', cwd = '', umask = '', aliases = '', readonly = '', exported = '', all = ''] = parts
  const exports = namesIn(exported)
  const fixed = namesIn(readonly)
  return {
    cwd: withoutNewline(cwd),
    umask: withoutNewline(umask),
    options: [...options.matchAll(/^set -o (\w+)$/gm)].map(([, name]) => `set ${name}`),
    aliases: readAliases(aliases),
    functions: { text: '', names: [], exported: [] },
    variables: readStatements(all).map(({ text, words }) => {
      const { name, value } = assigned(words)
      const [isExported, special] = [exports.has(name), fixed.has(name)]
      const attributes = `${isExported ? `;export ${name}` : ''}${special ? `;readonly ${name}` : ''}`
      return { name, value, exported: isExported, special, text: text + attributes }
    }),
  }
}

function namesIn(listing: string): Set<string> {
  return new Set(readStatements(listing).map(({ words }) => assigned(words).name))
}

/** The last word of a statement. */
function assigned(words: readonly string[]): { name: string; value: string } {
  const word = words.at(-1) ?? ''
  const at = word.indexOf('=')
  return at < 0 ? { name: word, value: '' } : { name: word.slice(0, at), value: unquote(word.slice(at + 1)) }
}

function readAliases(listing: string): Map<string, string> {
  const aliases = new Map<string, string>()
  for (const { text, words } of readStatements(listing)) {
    aliases.set(assigned(words).name, text.startsWith('alias ') ? text : `alias ${text}`)
  }
  return aliases
}

function optionsOf(kind: 'set' | 'shopt', names: string): string[] {
  return names.split(':').map((name) => `${kind} ${name}`)
}

function lines(text: string): string[] {
  return text.split('\n').filter(Boolean)
}

function withoutNewline(text: string): string {
  return text.endsWith('\n') ? text.slice(0, -1) : text
}
