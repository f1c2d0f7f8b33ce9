import type { SpawnPlan } from '../../command/spawn-plan.js'
import { ContainersError } from '../../errors/containers-error.js'

/** Where nobody destroys them for certain, none are given: throws `NOT_SUPPORTED`. */
export function assertNoSecrets({ secrets }: SpawnPlan): void {
  if (secrets.length === 0) return
  const message =
    'Without a supervisor, commands are given no secrets: nothing would destroy them for certain.'
  throw new ContainersError('NOT_SUPPORTED', `${message} Use a runner whose capabilities.secrets is true.`)
}
