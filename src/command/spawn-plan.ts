import { isAbsolute } from 'node:path'
import type { Readable } from 'node:stream'
import { invalidOption } from '../errors/invalid-option.js'
import { nodeStream } from '../internal/builtins.js'
import { signalNumbers } from '../model/signal.js'
import { checkTerminalSize, type TerminalSize } from '../model/terminal-size.js'
import type { SecretUse } from '../model/secret-use.js'
import { checkSecrets } from './check-secrets.js'
import type { SpawnOptions, StdinSource } from './command-options.js'
import { planOutput, type OutputPlan } from './output-plan.js'
import type { Launcher } from './launch.js'
import { planDetached, type DetachedPlan } from './detached-plan.js'

/** What a command reads, sorted out. */
type StdinPlan =
  | { readonly kind: 'none' | 'pipe' }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'stream'; readonly stream: Readable }

/** A spawn call with its options checked and its defaults decided. */
export interface SpawnPlan extends DetachedPlan {
  readonly argv: readonly string[]
  /** The argv of a function of the supervisor itself, which runs instead. */
  readonly builtin?: readonly (string | Uint8Array)[]
  readonly cwd: string | undefined
  readonly env: Readonly<Record<string, string>>
  readonly inheritEnv: readonly string[]
  readonly secrets: readonly SecretUse[]
  readonly user: string | undefined
  readonly stdin: StdinPlan
  readonly terminal: TerminalSize | undefined
  readonly timeoutMs: number | undefined
  readonly idleTimeoutMs: number | undefined
  readonly graceMs: number
  readonly output: OutputPlan
  readonly keepDescendants: boolean
  readonly signal: AbortSignal | undefined
  /** Who decides what is really started; else it is argv. */
  readonly launcher?: Launcher
}

/** The least and the most that `timeoutMs` and `idleTimeoutMs` may be. */
export interface TimeoutBounds {
  readonly minimum: number
  readonly maximum: number
}

/** One second to one hour. */
export const defaultTimeoutBounds: TimeoutBounds = { minimum: 1_000, maximum: 3_600_000 }
const defaultGraceMs = 2_000
const maxGraceMs = 3_600_000
/** What goes to the supervisor in one frame; the rest of the frame is for the other fields. */
const maxArgumentBytes = 1024 * 1024 - 16 * 1024

/**
 * Checks a spawn call before anything is touched.
 *
 * @throws `INVALID_OPTION`
 */
export function planSpawn(
  argv: readonly string[],
  options: SpawnOptions,
  bounds: TimeoutBounds = defaultTimeoutBounds,
): SpawnPlan {
  checkArgv(argv)
  const env = { ...options.env }
  for (const [name, value] of Object.entries(env)) checkVariable(name, value)
  for (const name of options.inheritEnv ?? []) checkName('inheritEnv', name)
  checkSize(argv, env)
  const secrets = checkSecrets(options)
  if (options.cwd !== undefined) checkCwd(options.cwd)
  if (options.user !== undefined) checkUser('user', options.user)
  checkTimeout('timeoutMs', options.timeoutMs, bounds)
  checkTimeout('idleTimeoutMs', options.idleTimeoutMs, bounds)
  const graceMs = options.graceMs ?? defaultGraceMs
  checkGrace(graceMs)
  const descendants = options.descendants ?? 'kill'
  if (descendants !== 'kill' && descendants !== 'keep') {
    throw invalidOption('descendants', "must be 'kill' or 'keep'", descendants)
  }
  return {
    ...planDetached(options),
    argv: [...argv],
    cwd: options.cwd,
    env,
    inheritEnv: options.inheritEnv ?? [],
    secrets,
    user: options.user,
    stdin: planStdin(keepsStdinOpen(options) ? 'pipe' : options.stdin),
    terminal: options.terminal && checkTerminalSize('terminal', options.terminal),
    timeoutMs: options.timeoutMs,
    idleTimeoutMs: options.idleTimeoutMs,
    graceMs,
    output: planOutput(options.output),
    keepDescendants: descendants === 'keep',
    signal: options.signal,
  }
}

/** Whether stdin stays open until it is ended. */
export function keepsStdinOpen({ stdin, terminal }: SpawnOptions): boolean {
  return stdin === 'pipe' || (stdin === undefined && terminal !== undefined)
}

/** Checks a grace period, for {@link planSpawn} and for `kill`. */
export function checkGrace(graceMs: number): void {
  if (Number.isInteger(graceMs) && graceMs >= 0 && graceMs <= maxGraceMs) return
  throw invalidOption('graceMs', `must be a whole number from 0 to ${maxGraceMs}`, graceMs)
}

/** Checks a signal, for `kill`. */
export function checkSignal(signal: string): void {
  if (Object.hasOwn(signalNumbers, signal)) return
  throw invalidOption('signal', 'must be the name of a Linux signal', signal)
}

/** In place of a user's name: one that nobody else is. */
export const uniqueUser = 'unique'

/** Checks the shape of a user: `name`, `uid`, `name:group` or `uid:gid`. */
export function checkUser(option: string, user: unknown): void {
  if (typeof user === 'string' && /^[\w.][\w.@$-]*(:[\w.][\w.@$-]*)?$/.test(user)) return
  throw invalidOption(option, 'must be a name or number, or two of them as user:group', user)
}

function checkArgv(argv: readonly string[]): void {
  if (!Array.isArray(argv) || argv.length === 0) {
    throw invalidOption('argv', 'must be an array of at least one string', String(argv))
  }
  argv.forEach((argument: unknown, index) => {
    // The value itself stays out of the message: it may be a secret.
    if (typeof argument !== 'string') {
      throw invalidOption(`argv[${index}]`, 'must be a string', `<${typeof argument}>`)
    }
    if (argument.includes('\0')) {
      throw invalidOption(`argv[${index}]`, 'must not contain NUL', `<${argument.length} characters>`)
    }
    checkUnicode(`argv[${index}]`, argument)
  })
  if (argv[0] === '') throw invalidOption('argv[0]', 'must name a program', '')
}

function checkVariable(name: string, value: unknown): void {
  checkName('env', name)
  if (typeof value !== 'string') {
    throw invalidOption(`env.${name}`, 'must be a string', `<${typeof value}>`)
  }
  if (value.includes('\0')) {
    throw invalidOption(`env.${name}`, 'must not contain NUL', `<${value.length} characters>`)
  }
  checkUnicode(`env.${name}`, value)
}

/** Half a pair of surrogates has no bytes, and would arrive as another character. */
function checkUnicode(option: string, text: string): void {
  if (!/\p{Surrogate}/u.test(text)) return
  const advice = 'Let a shell in the place make other bytes than UTF-8, by printf.'
  throw invalidOption(option, 'must be well-formed Unicode', `<${text.length} characters>`, advice)
}

function checkName(option: string, name: unknown): void {
  if (typeof name === 'string' && name !== '' && !/[=\0]/.test(name)) return
  throw invalidOption(option, 'must have names that are not empty and contain neither = nor NUL', name)
}

function checkSize(argv: readonly string[], env: Readonly<Record<string, string>>): void {
  let bytes = 0
  for (const argument of argv) bytes += Buffer.byteLength(argument) + 6
  for (const [name, value] of Object.entries(env))
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value) + 7
  if (bytes <= maxArgumentBytes) return
  const advice = 'Pass large input through stdin or a file.'
  throw invalidOption('argv and env', `must fit into ${maxArgumentBytes} bytes together`, bytes, advice)
}

function checkCwd(cwd: unknown): void {
  if (typeof cwd === 'string' && isAbsolute(cwd) && !cwd.includes('\0')) return
  throw invalidOption('cwd', 'must be an absolute path without NUL', cwd)
}

function checkTimeout(option: string, ms: number | undefined, { minimum, maximum }: TimeoutBounds): void {
  if (ms === undefined || (Number.isInteger(ms) && ms >= minimum && ms <= maximum)) return
  throw invalidOption(option, `must be a whole number from ${minimum} to ${maximum}`, ms)
}

function planStdin(source: StdinSource | undefined): StdinPlan {
  if (source === undefined) return { kind: 'none' }
  if (source === 'pipe') return { kind: 'pipe' }
  if (typeof source === 'string') return { kind: 'bytes', bytes: Buffer.from(source) }
  if (source instanceof Uint8Array) return { kind: 'bytes', bytes: source }
  if (source instanceof nodeStream().Readable) return { kind: 'stream', stream: source }
  if (typeof source === 'object' && source !== null && typeof source.text === 'string') {
    return { kind: 'bytes', bytes: Buffer.from(source.text) }
  }
  throw invalidOption('stdin', "must be 'pipe', text, bytes, a Readable or { text }", source)
}
