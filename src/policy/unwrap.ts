import { readOptions } from './options.js'
import { baseName, unknownWord, type CommandWord } from './word.js'
import { shellOptions, shells, wrappers, type Wrapper } from './wrappers.js'

/** What a command runs by running: other commands, and scripts for a shell. */
export interface Unwrapped {
  readonly commands: readonly (readonly CommandWord[])[]
  readonly scripts: readonly CommandWord[]
  /** Why there may be more than that, for people. */
  readonly unknown: readonly string[]
  /** It must be allowed by name, beside what it runs. */
  readonly grants?: boolean
}

type Words = readonly CommandWord[]
type Unwrap = (args: Words, program: string) => Unwrapped
type Found = Partial<Unwrapped>

const nothing: Unwrapped = { commands: [], scripts: [], unknown: [] }
const found = (parts: Found, unclear?: string): Unwrapped => ({
  ...nothing,
  ...parts,
  unknown: [...(parts.unknown ?? []), ...(unclear === undefined ? [] : [unclear])],
})

/** What a command runs, told from its own words; nothing for a program that runs no other. */
export function unwrap([program, ...args]: Words): Unwrapped {
  if (typeof program !== 'string') return nothing
  const name = baseName(program)
  if (shells.has(name)) return unwrapShell(args, name)
  const wrapper = wrappers.get(name)
  if (wrapper) return unwrapWrapper(wrapper, args, name)
  return others.get(name)?.(args, name) ?? nothing
}

function unwrapWrapper(wrapper: Wrapper, args: Words, name: string): Unwrapped {
  const { rest, values, unclear } = readOptions(args, wrapper)
  if (wrapper.runsNothing?.some((option) => values.has(option))) return nothing
  let at = wrapper.operands ?? 0
  if (wrapper.assignments) while (isAssignment(rest[at])) at++
  const inner = rest.slice(at)
  const problems = unclear === undefined ? [] : [unclearOption(name, unclear)]
  if (inner.length === 0 && wrapper.startsShell) problems.push(`${name} starts a shell`)
  return found({
    commands: inner.length > 0 ? [inner] : [],
    unknown: problems,
    ...(wrapper.grants && { grants: true }),
  })
}

function unwrapShell(args: Words, name: string): Unwrapped {
  // `+x` turns a setting off.
  const signs = args.map((word) =>
    typeof word === 'string' && /^\+\w/.test(word) ? `-${word.slice(1)}` : word,
  )
  const { rest, values, unclear } = readOptions(signs, shellOptions)
  const problem = unclear === undefined ? undefined : unclearOption(name, unclear)
  const [first] = rest
  if (values.has('version') || values.has('help')) return nothing
  if (values.has('c')) return found({ scripts: first === undefined ? [] : [first] }, problem)
  if (first === undefined || values.has('s')) return found({}, `${name} reads its commands from stdin`)
  return found({}, problem ?? unknownFile(first, name))
}

function unknownFile(file: CommandWord, name: string): string | undefined {
  if (typeof file === 'string' && !/^(-|\/dev\/(stdin|fd\/.*)|\/proc\/.*)$/.test(file)) return undefined
  return `${name} runs a script that is not known yet`
}

const others: ReadonlyMap<string, Unwrap> = new Map(
  Object.entries<Unwrap>({
    '.': unwrapSource,
    source: unwrapSource,
    env: unwrapEnv,
    eval: (args) => found({ scripts: [joined(args)] }),
    find: unwrapFind,
    flock(args, name) {
      const alone = 's x e n u F o v shared exclusive nonblock unlock no-fork close verbose'
      const { rest, unclear } = readOptions(args, { alone, withValue: 'w E timeout conflict-exit-code' })
      const problem = unclear === undefined ? undefined : unclearOption(name, unclear)
      const [, ...inner] = rest
      if (inner[0] === '-c' || inner[0] === '--command') return found({ scripts: inner.slice(1, 2) }, problem)
      return found({ commands: inner.length > 0 ? [inner] : [] }, problem)
    },
    runuser: unwrapSu,
    script: unwrapSu,
    su: unwrapSu,
    trap(args) {
      const rest = args[0] === '--' ? args.slice(1) : args
      return found({ scripts: rest.length > 1 && rest[0] !== '-' ? rest.slice(0, 1) : [] })
    },
    watch(args, name) {
      const alone =
        'b c C d e g p r t v w x beep color differences errexit chgexit precise no-title no-wrap exec'
      const { rest, unclear } = readOptions(args, { alone, withValue: 'n q interval equexit' })
      const problem = unclear === undefined ? undefined : unclearOption(name, unclear)
      return found({ scripts: rest.length > 0 ? [joined(rest)] : [] }, problem)
    },
    xargs: unwrapXargs,
  }),
)

function unwrapSource(args: Words, name: string): Unwrapped {
  const [file] = args[0] === '--' ? args.slice(1) : args
  return file === undefined ? nothing : found({}, unknownFile(file, name))
}

function unwrapEnv(args: Words, name: string): Unwrapped {
  const alone =
    'i 0 v ignore-environment null debug block-signal default-signal ignore-signal list-signal-handling'
  const { rest, values, unclear } = readOptions(args[0] === '-' ? args.slice(1) : args, {
    alone,
    withValue: 'u C S a unset chdir split-string argv0',
  })
  const problem = unclear === undefined ? undefined : unclearOption(name, unclear)
  const split = values.get('S') ?? values.get('split-string')
  // Its own quoting is close to the shell's; what is not is read as a script with an error in it.
  if (split !== undefined) return found({ scripts: [joined(['env', split, ...rest])] }, problem)
  let at = 0
  while (isAssignment(rest[at])) at++
  return found({ commands: at < rest.length ? [rest.slice(at)] : [] }, problem)
}

function unwrapXargs(args: Words, name: string): Unwrapped {
  const { rest, values, unclear } = readOptions(args, {
    alone: '0 o p r t x e i l null open-tty interactive no-run-if-empty verbose exit replace max-lines eof',
    withValue: 'a E I L n P s d arg-file delimiter max-args max-procs max-chars process-slot-var',
  })
  const problem = unclear === undefined ? undefined : unclearOption(name, unclear)
  if (rest.length === 0) return found({}, problem)
  const replaced = values.get('I') ?? values.get('i') ?? values.get('replace')
  const mark = replaced === '' ? '{}' : replaced
  const inner = mark === undefined ? [...rest, unknownWord] : rest.map((word) => placeholder(word, mark))
  return found({ commands: [inner] }, problem)
}

function unwrapFind(args: Words): Unwrapped {
  const commands: CommandWord[][] = []
  for (let at = 0; at < args.length; at++) {
    const word = args[at]
    if (typeof word !== 'string' || !/^-(exec|ok)(dir)?$/.test(word)) continue
    const rest = args.slice(at + 1)
    const end = rest.findIndex((one, index) => one === ';' || (one === '+' && rest[index - 1] === '{}'))
    const inner = end === -1 ? rest : rest.slice(0, end)
    if (inner.length > 0) commands.push(inner.map((one) => placeholder(one, '{}')))
    at += inner.length
  }
  return found({ commands, grants: true })
}

function unwrapSu(args: Words, name: string): Unwrapped {
  const at = args.findIndex(
    (word) => typeof word === 'string' && /^(-[a-z]*c|--command|--session-command)$/.test(word),
  )
  const script = at === -1 ? undefined : args[at + 1]
  if (script === undefined) return found({ grants: true }, `${name} starts a shell`)
  return found({ scripts: [script], grants: true })
}

/** A word in which something takes the place of `mark`: a path, so that nothing else can come of it. */
function placeholder(word: CommandWord, mark: CommandWord): CommandWord {
  if (typeof mark !== 'string') return unknownWord
  if (typeof word !== 'string' || !word.includes(mark)) return word
  const prefix = word.slice(0, word.indexOf(mark))
  return { prefix, mayBeOption: prefix.startsWith('-') || (prefix === '' && mark !== '{}') }
}

function isAssignment(word: CommandWord | undefined): boolean {
  if (word === undefined) return false
  return /^[^=-][^=]*=/.test(typeof word === 'string' ? word : word.prefix)
}

function joined(words: Words): CommandWord {
  return words.every((word) => typeof word === 'string') ? words.join(' ') : unknownWord
}

function unclearOption(name: string, unclear: string): string {
  return `${name} has ${unclear}, which is not known here, so that what it runs is not sure`
}
