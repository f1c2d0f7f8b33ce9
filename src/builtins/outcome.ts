import type { Command } from '../command/command.js'
import type { CommandExit } from '../command/command-exit.js'
import { ContainersError } from '../errors/containers-error.js'
import type { ErrorCode } from '../errors/error-code.js'
import { abortedError } from '../internal/abort.js'
import { errnoName } from '../model/errno.js'
import { collect } from '../streaming/collect.js'
import { RecordReader } from '../supervisor/record.js'

/** What a builtin that ran to its end could not do. */
export interface BuiltinFailure {
  /** Such as `'ENOENT'`. */
  readonly errno: string
  /** The path that it is about; empty where it is not known. */
  readonly path: string
}

/** Why a builtin did not come to its end, by the reason of its exit. */
const codes: Partial<Record<CommandExit['reason'], ErrorCode>> = {
  killed: 'CLOSED',
  engineLost: 'CONNECTION_LOST',
  containerDied: 'CONTAINER_STATE',
  timeout: 'DEADLINE_EXCEEDED',
}

/**
 * Waits for a builtin's end. Resolves with nothing, or with what it could not do; throws where it did not come so far.
 * `what` says what it does, such as `Reading /etc/hosts`.
 */
export async function outcomeOf(
  command: Command,
  what: string,
  signal?: AbortSignal,
): Promise<BuiltinFailure | undefined> {
  const exit = await command.exit
  if (exit.succeeded) return undefined
  if (exit.reason === 'aborted' && signal) throw abortedError(what, signal)
  await command.started
  const record =
    exit.code === 1 ? new RecordReader(Buffer.from((await collect(command.stderr)).bytes)) : undefined
  const errno = record?.u32(1)
  if (errno !== undefined) return { errno: errnoName(errno), path: record?.text(2) ?? '' }
  const why = exit.explanation ?? `the process that did it ended: ${exit.reason}`
  throw new ContainersError(codes[exit.reason] ?? 'FILE_FAILED', `${what} was cut short: ${why}`, {
    details: { reason: exit.reason },
  })
}
