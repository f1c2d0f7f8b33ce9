import { ContainersError } from '../errors/containers-error.js'
import type { SpawnRequest } from './messages.js'

/** What a SPAWN may ask for that only supervisors from a protocol version on can do. */
const abilities: readonly {
  readonly name: string
  readonly since: number
  isWanted(request: SpawnRequest): boolean
}[] = [
  { name: 'detached commands', since: 2, isWanted: ({ detached }) => detached },
  { name: 'idle limits', since: 2, isWanted: ({ idleTimeoutMs }) => idleTimeoutMs !== undefined },
  { name: 'terminals', since: 2, isWanted: ({ terminal }) => terminal !== undefined },
  { name: 'files and ports', since: 2, isWanted: ({ builtin }) => builtin },
  { name: 'third outputs, as sessions need', since: 2, isWanted: ({ thirdOutput }) => thirdOutput },
  { name: 'users of their own', since: 2, isWanted: ({ uniqueUser }) => uniqueUser },
  { name: 'secrets', since: 2, isWanted: ({ secrets }) => secrets !== undefined },
]

/** Throws `NOT_SUPPORTED` for what the supervisor that runs is too old for. */
export function assertAble(request: SpawnRequest, version: number): void {
  for (const { name, since, isWanted } of abilities) {
    if (version < since && isWanted(request)) throw tooOld(name, since, version)
  }
}

/** Throws `NOT_SUPPORTED` for an ability that came with a later version than the one in force. */
export function assertVersion(ability: string, since: number, version: number): void {
  if (version < since) throw tooOld(ability, since, version)
}

/** The error for an ability that the running supervisor lacks. */
function tooOld(ability: string, since: number, version: number): ContainersError {
  return new ContainersError(
    'NOT_SUPPORTED',
    `The supervisor that runs there speaks protocol version ${version}, which knows no ${ability}; they came with ` +
      `version ${since}. An older version of this library started it: restart the container, or create it anew.`,
    { details: { ability, needs: since, version } },
  )
}
