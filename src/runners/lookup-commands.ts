import type { ListedCommand } from '../command/detached.js'
import { ContainersError } from '../errors/containers-error.js'
import type { SupervisorConnection } from '../supervisor/connection.js'
import { forgetResult, type ListedRecord } from '../supervisor/lookup.js'
import { commandNotFound } from './attached-command.js'
import { toCommandExit } from './to-command-exit.js'

/** What a supervisor knows of the commands of its place. */
export async function listCommands(connection: SupervisorConnection): Promise<readonly ListedCommand[]> {
  return (await connection.list()).map(toListedCommand)
}

/** Rejects with `COMMAND_NOT_FOUND` and `COMMAND_RUNNING`. */
export async function forgetCommand(connection: SupervisorConnection, id: string): Promise<void> {
  const result = await connection.forget(id)
  if (result === forgetResult.done) return
  if (result !== forgetResult.running) throw commandNotFound(id)
  const message = `Command ${JSON.stringify(id)} still runs, so it cannot be forgotten. Attach to it and kill it first.`
  throw new ContainersError('COMMAND_RUNNING', message, { details: { id } })
}

function toListedCommand(record: ListedRecord): ListedCommand {
  const { id, program, detached, pid, startedAt, stdout, stderr, exit } = record
  return {
    id,
    program,
    detached,
    state: exit ? 'exited' : 'running',
    ...(pid !== undefined && { pid }),
    ...(startedAt && { startedAt }),
    ...(exit && { exit: toCommandExit(exit) }),
    ...(stdout && { stdout: { first: stdout[0], end: stdout[1] } }),
    ...(stderr && { stderr: { first: stderr[0], end: stderr[1] } }),
  }
}
