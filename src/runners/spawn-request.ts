import { ordinaryLaunch, type Launch } from '../command/launch.js'
import { uniqueUser, type SpawnPlan } from '../command/spawn-plan.js'
import type { SpawnRequest, SpawnSecrets } from '../supervisor/messages.js'
import type { PlaceDefaults } from './place.js'

/** What nearly every terminal in use understands. */
const usualTerminal = 'xterm-256color'

/** What is started for a command in its place. */
export function launchOf(plan: SpawnPlan, place: PlaceDefaults): Launch {
  return plan.launcher?.launch(place) ?? ordinaryLaunch(plan, place)
}

/** What is sent for a command: how it is launched, and its plan, filled up with what its place offers. */
export function spawnRequest(
  id: string,
  plan: SpawnPlan,
  launch: Launch,
  defaults: PlaceDefaults,
  windowBytes: number,
  secrets?: SpawnSecrets,
): SpawnRequest {
  const user = plan.user ?? defaults.user
  return {
    ...launch,
    env: plan.terminal ? withTerminal(launch.env) : launch.env,
    id,
    argv: plan.builtin ?? launch.argv,
    builtin: plan.builtin !== undefined,
    user: user === uniqueUser ? undefined : user,
    uniqueUser: user === uniqueUser,
    path: defaults.path,
    stdin: plan.stdin.kind !== 'none',
    keepDescendants: plan.keepDescendants,
    detached: plan.detached,
    spool: plan.spool,
    timeoutMs: plan.timeoutMs,
    idleTimeoutMs: plan.idleTimeoutMs,
    graceMs: plan.graceMs,
    windowBytes,
    terminal: plan.terminal,
    secrets,
  }
}

function withTerminal(env: Launch['env']): Launch['env'] {
  const isKnown = env.some((entry) =>
    Buffer.from(entry as string)
      .toString('latin1')
      .startsWith('TERM='),
  )
  return isKnown ? env : [`TERM=${usualTerminal}`, ...env]
}
