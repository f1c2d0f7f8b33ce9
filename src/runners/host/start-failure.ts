import { SpawnError } from '../../command/spawn-error.js'
import type { SpawnPlan } from '../../command/spawn-plan.js'
import { files } from '../../internal/builtins.js'
import type { PlaceDefaults } from '../place.js'
import { failedStage } from '../to-command-exit.js'

type SystemError = NodeJS.ErrnoException

/** Which step failed: the system tells of all of them as if the program could not be executed. */
export function startFailure({ argv, cwd, user }: SpawnPlan, defaults: PlaceDefaults, error: SystemError) {
  if (error instanceof SpawnError) return error
  const asked = { argv, cwd: cwd ?? defaults.cwd, user }
  const noFolder = asked.cwd === undefined ? undefined : cannotEnter(asked.cwd)
  if (noFolder) return failedStage('cwd', noFolder.code, asked)
  if (user !== undefined && error.code === 'EPERM') return failedStage('user', error.code, asked)
  const message = `${JSON.stringify(argv[0])} could not be started: ${error.message}.`
  const errno = error.code === undefined ? {} : { errno: error.code }
  return new SpawnError('exec', message, { ...errno, cause: error })
}

function cannotEnter(folder: string): SystemError | undefined {
  try {
    // With a dot behind it, a file is ENOTDIR.
    files().accessSync(`${folder}/.`, files().constants.X_OK)
    return undefined
  } catch (error) {
    return error as SystemError
  }
}
