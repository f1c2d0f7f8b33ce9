import { ContainersError } from '../errors/containers-error.js'
import type { CommandResult } from './command-result.js'

/** A command did not succeed and `run` was asked to check. Carries the whole result. */
export class CommandFailedError extends ContainersError {
  override readonly name = 'CommandFailedError'

  constructor(readonly result: CommandResult) {
    const { exit, argv } = result
    const how = exit.signal ?? (exit.code === undefined ? '' : `code ${exit.code}`)
    super(
      'COMMAND_FAILED',
      `${argv[0] ?? 'The command'} did not succeed: ${exit.reason}${how && ` (${how})`}.`,
      {
        details: { reason: exit.reason, code: exit.code, signal: exit.signal },
      },
    )
  }
}
