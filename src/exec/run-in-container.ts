import type { CommandExit } from '../command/command-exit.js'
import type { ContainerEngine } from '../engine/container-engine.js'
import { collect } from '../streaming/collect.js'
import { execInContainer } from './exec-in-container.js'
import type { ExecOptions } from './exec-options.js'

/** What a finished exec did. */
export interface ExecResult {
  readonly exit: CommandExit
  readonly stdout: string
  readonly stderr: string
  readonly stdoutBytes: Uint8Array
  readonly stderrBytes: Uint8Array
  /** Whether bytes were dropped from the middle of either stream because of `maxOutputBytes`. */
  readonly truncated: boolean
}

/**
 * Runs a command by the engine's exec to its end. What it did is in the result; rejects as
 * {@link ContainerExec.started} does when it never ran, and with `CONNECTION_LOST` or `ABORTED` when the output broke off.
 */
export async function runInContainer(
  engine: ContainerEngine,
  containerId: string,
  argv: readonly string[],
  { maxOutputBytes = 16 * 1024 * 1024, ...options }: ExecOptions & { maxOutputBytes?: number } = {},
): Promise<ExecResult> {
  const command = execInContainer(engine, containerId, argv, options)
  const [, exit, stdout, stderr] = await Promise.all([
    command.started,
    command.exit,
    collect(command.stdout, { maxBytes: maxOutputBytes }),
    collect(command.stderr, { maxBytes: maxOutputBytes }),
  ])
  return {
    exit,
    stdout: stdout.text,
    stderr: stderr.text,
    stdoutBytes: stdout.bytes,
    stderrBytes: stderr.bytes,
    truncated: stdout.truncated || stderr.truncated,
  }
}
