import { invalidOption } from '../errors/invalid-option.js'
import { collect } from '../streaming/collect.js'
import type { Command } from './command.js'
import { CommandFailedError } from './command-failed-error.js'
import type { RunOptions, SpawnOptions } from './command-options.js'
import type { CommandResult } from './command-result.js'

const defaultTimeoutMs = 60_000
const defaultMaxOutputBytes = 16 * 1024 * 1024

/** `run`, made of any runner's `spawn`. */
export async function runCommand(
  spawn: (argv: readonly string[], options: SpawnOptions) => Command,
  argv: readonly string[],
  options: RunOptions,
): Promise<CommandResult> {
  const { maxOutputBytes: maxBytes = defaultMaxOutputBytes, check = false, ...spawnOptions } = options
  if (!Number.isSafeInteger(maxBytes) || maxBytes < 0) {
    throw invalidOption('maxOutputBytes', 'must be a whole number from 0', maxBytes)
  }
  if (spawnOptions.stdin === 'pipe') {
    const advice = 'Use spawn, and write to its stdin.'
    throw invalidOption(
      'stdin',
      "must not be 'pipe' for run, which has no handle to write to",
      'pipe',
      advice,
    )
  }
  const began = performance.now()
  const command = spawn(argv, {
    ...spawnOptions,
    // Nobody could end what a terminal would leave open.
    ...(spawnOptions.terminal && { stdin: spawnOptions.stdin ?? '' }),
    timeoutMs: spawnOptions.timeoutMs ?? defaultTimeoutMs,
  })
  const [stdout, stderr, exit] = await Promise.all([
    collect(command.stdout, { maxBytes }),
    collect(command.stderr, { maxBytes }),
    command.exit,
  ])
  const durationMs = performance.now() - began
  await command.started
  const result: CommandResult = {
    argv: command.argv,
    exit,
    stdout: stdout.text,
    stderr: stderr.text,
    stdoutBytes: stdout.bytes,
    stderrBytes: stderr.bytes,
    truncated: stdout.truncated || stderr.truncated,
    durationMs,
  }
  if (check && !exit.succeeded) throw new CommandFailedError(result)
  return result
}
