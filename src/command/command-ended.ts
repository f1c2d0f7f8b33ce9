import { ContainersError } from '../errors/containers-error.js'
import type { CommandExit } from './command-exit.js'

/** The error of a wait whose command ended before what was waited for. */
export function commandEnded(what: string, argv: readonly string[], exit: CommandExit): ContainersError {
  const how = exit.signal ?? (exit.code === undefined ? '' : `code ${exit.code}`)
  const message = `${what}: ${argv[0] ?? 'the command'} ended before: ${exit.reason}${how && ` (${how})`}.`
  return new ContainersError('COMMAND_ENDED', message, { details: { exit } })
}
