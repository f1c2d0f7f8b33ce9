import { uniqueUser } from '../command/spawn-plan.js'
import { ContainersError } from '../errors/containers-error.js'

/** Where nobody can be asked for a user of its own: throws `NOT_SUPPORTED`. */
export function assertNoUniqueUser(user: string | undefined): void {
  if (user !== uniqueUser) return
  const message =
    "Without a supervisor there is nobody to choose a user for user: 'unique'. Give it as uid:gid."
  throw new ContainersError('NOT_SUPPORTED', message)
}
