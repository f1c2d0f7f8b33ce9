import type { SpawnPlan } from '../command/spawn-plan.js'
import type { SpawnRequest, SpawnSecrets } from '../supervisor/messages.js'
import type { PlaceDefaults } from './place.js'

/** What nearly every terminal in use understands. */
const usualTerminal = 'xterm-256color'

/** What is sent for a command: its plan, filled up with what its place offers. */
export function spawnRequest(
  id: string,
  plan: SpawnPlan,
  defaults: PlaceDefaults,
  windowBytes: number,
  secrets?: SpawnSecrets,
): SpawnRequest {
  const env: string[] = []
  for (const name of plan.inheritEnv) {
    const value = defaults.env.get(name)
    if (value !== undefined && !Object.hasOwn(plan.env, name)) env.push(`${name}=${value}`)
  }
  const known = env.some((entry) => entry.startsWith('TERM=')) || Object.hasOwn(plan.env, 'TERM')
  if (plan.terminal && !known) env.push(`TERM=${usualTerminal}`)
  for (const name of Object.keys(plan.env)) env.push(`${name}=${plan.env[name]}`)
  return {
    id,
    argv: plan.builtin ?? plan.argv,
    builtin: plan.builtin !== undefined,
    env,
    cwd: plan.cwd ?? defaults.cwd,
    user: plan.user ?? defaults.user,
    path: defaults.path,
    stdin: plan.stdin.kind !== 'none',
    keepDescendants: plan.keepDescendants,
    detached: false,
    timeoutMs: plan.timeoutMs,
    idleTimeoutMs: plan.idleTimeoutMs,
    graceMs: plan.graceMs,
    windowBytes,
    thirdOutput: false,
    terminal: plan.terminal,
    secrets,
  }
}
