import type { CommandExit } from './command-exit.js'

/** What a finished command did. */
export interface CommandResult {
  readonly argv: readonly string[]
  readonly exit: CommandExit
  /** Text, decoded as UTF-8; `stdoutBytes` has what was really there. */
  readonly stdout: string
  readonly stderr: string
  readonly stdoutBytes: Uint8Array
  readonly stderrBytes: Uint8Array
  /** Whether bytes were dropped from the middle of either stream because of `maxOutputBytes`. */
  readonly truncated: boolean
  readonly durationMs: number
}
