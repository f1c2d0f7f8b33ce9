import type { CommandExit } from '../command/command-exit.js'
import { SpawnError } from '../command/spawn-error.js'

/**
 * The engine's reason why a program did not start, which it writes to the program's stdout. Undefined when these
 * bytes are the program's own: a process that existed has a pid, and the engine ends its message with CR LF.
 */
export function startFailure(
  argv: readonly string[],
  held: Uint8Array,
  pid: number,
  { code }: CommandExit,
): SpawnError | undefined {
  if (pid !== 0 || (code !== 126 && code !== 127)) return undefined
  const text = Buffer.from(held).toString()
  return text.endsWith('\r\n') ? toSpawnError(argv, text.trim()) : undefined
}

const errnos: readonly (readonly [string, RegExp])[] = [
  ['ENOENT', /not found|no such file/i],
  ['ENOTDIR', /not a directory/i],
  ['EACCES', /permission denied/i],
]

/** The error for a program that did not start, from the engine's words. */
export function toSpawnError(argv: readonly string[], reason: string, cause?: unknown): SpawnError {
  const stage = /unable to find (?:user|group)|no matching entries/i.test(reason)
    ? 'user'
    : /\bcwd\b|chdir/i.test(reason)
      ? 'cwd'
      : 'exec'
  const [errno] = stage === 'user' ? ['ENOENT'] : (errnos.find(([, words]) => words.test(reason)) ?? [])
  const message = `${argv[0] ?? 'The command'} did not start in the container: ${reason}`
  return new SpawnError(stage, message, { ...(errno !== undefined && { errno }), cause })
}
