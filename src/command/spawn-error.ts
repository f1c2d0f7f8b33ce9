import { ContainersError } from '../errors/containers-error.js'

/** The step at which a command failed to start. */
export type SpawnStage = 'connect' | 'user' | 'cwd' | 'exec' | 'fork' | 'limits'

/** The command never ran. */
export class SpawnError extends ContainersError {
  override readonly name = 'SpawnError'

  constructor(
    /** The step that failed. */
    readonly stage: SpawnStage,
    message: string,
    options: {
      /** The system's error, such as `'ENOENT'`. */
      errno?: string
      cause?: unknown
    } = {},
  ) {
    super('SPAWN_FAILED', message, {
      cause: options.cause,
      details: { stage, ...(options.errno !== undefined && { errno: options.errno }) },
    })
  }
}
