import { ContainersError } from '../errors/containers-error.js'
import type { ErrorCode } from '../errors/error-code.js'

/** The step at which a command failed to start. */
export type SpawnStage =
  'connect' | 'request' | 'user' | 'cwd' | 'exec' | 'fork' | 'limits' | 'terminal' | 'secrets'

/**
 * The command never ran. Its code is `SPAWN_FAILED`; where the place itself could not be reached (`stage` is
 * `'connect'`) it is that error's own, such as `CONTAINER_STATE`, `ABORTED` where it was called off in time, and
 * `COMMAND_ID_TAKEN` where another command has its `id`. Where it lacked processes, descriptors or memory,
 * `details.exhausted` is `'pids'`, `'descriptors'` or `'memory'`; it can be run when there is room again.
 */
export class SpawnError extends ContainersError {
  override readonly name = 'SpawnError'
  /** The system's error, such as `'ENOENT'`. */
  readonly errno: string | undefined

  constructor(
    /** The step that failed. */
    readonly stage: SpawnStage,
    message: string,
    options: {
      /** The system's error, such as `'ENOENT'`. */
      errno?: string
      cause?: unknown
      code?: ErrorCode
      details?: Readonly<Record<string, unknown>>
    } = {},
  ) {
    super(options.code ?? 'SPAWN_FAILED', message, {
      cause: options.cause,
      details: {
        ...options.details,
        stage,
        ...(options.errno !== undefined && { errno: options.errno }),
      },
    })
    this.errno = options.errno
  }
}
