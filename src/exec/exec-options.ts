import type { Readable } from 'node:stream'
import type { StdinSource } from '../command/command-options.js'
import { invalidOption } from '../errors/invalid-option.js'

/** Options of `container.exec`. */
export interface ExecOptions {
  /** Added to the container's configured environment. */
  env?: Readonly<Record<string, string>>
  /** User by name, number or `uid:gid`. Default: the container's configured user. */
  user?: string
  /** Absolute. Default: the container's configured folder. */
  cwd?: string
  /** Default: nothing, an immediate end-of-file. */
  stdin?: StdinSource
  /**
   * Stops listening: the streams break with `ABORTED` and the exit's reason is `'aborted'`. The process itself goes
   * on, because the engine cannot signal an exec.
   */
  signal?: AbortSignal
  /**
   * How long a reader may hold up the process, in milliseconds; output is dropped after that, and a `'gap'` event
   * says how much. Default: 1,000, because an exec whose output is not taken blocks the engine's other calls.
   */
  maxStallMs?: number
}

/** Throws `INVALID_OPTION` for what no exec could run. */
export function checkExecOptions(argv: readonly string[], options: ExecOptions): void {
  if (argv.length === 0 || argv[0] === '') throw invalidOption('argv', 'must name a program', argv.join(' '))
  const texts = [...argv, ...Object.entries(options.env ?? {}).flat(), options.user ?? '', options.cwd ?? '']
  if (texts.some((text) => text.includes('\0'))) {
    throw invalidOption('argv, env, user and cwd', 'must hold no NUL character', argv[0])
  }
  for (const name of Object.keys(options.env ?? {})) {
    if (name === '' || name.includes('=')) throw invalidOption('env', 'must have names without "="', name)
  }
  if (options.cwd !== undefined && !options.cwd.startsWith('/')) {
    throw invalidOption('cwd', 'must be an absolute path', options.cwd)
  }
}

/** What is to be written to stdin; undefined where there is nothing, or the caller writes it. */
export function stdinContent(source: StdinSource | undefined): string | Uint8Array | Readable | undefined {
  if (source === 'pipe') return undefined
  return typeof source === 'object' && 'text' in source ? source.text : source
}
