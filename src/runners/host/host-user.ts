import { SpawnError } from '../../command/spawn-error.js'
import { files, os } from '../../internal/builtins.js'
import { failedStage } from '../to-command-exit.js'

/** Whom Node can start a child as. */
export interface HostUser {
  readonly uid?: number
  readonly gid?: number
}

/** Throws a `SpawnError` for a user that is not there, and `NOT_SUPPORTED` for one whose groups Node would not give. */
export function hostUser(user: string | undefined): HostUser {
  if (user === undefined) return {}
  const [, uid, gid] = /^(\d+)(?::(\d+))?$/.exec(user) ?? []
  if (uid !== undefined) return { uid: Number(uid), gid: Number(gid ?? 0) }
  if (user === os().userInfo().username) return {}
  const [name = '', group] = user.split(':')
  if (!isThere('/etc/passwd', name) || (group !== undefined && !isThere('/etc/group', group))) {
    throw failedStage('user', 'ENOENT', { argv: [], cwd: undefined, user })
  }
  const message = `Without a supervisor a user must be given as uid or uid:gid, got ${JSON.stringify(user)}.`
  throw new SpawnError('user', message, { code: 'NOT_SUPPORTED' })
}

/** Where a system has its users elsewhere, too, a name may be there. */
function isThere(database: string, name: string): boolean {
  if (/^\d+$/.test(name) || process.platform !== 'linux') return true
  const lines = files().readFileSync(database, 'utf8').split('\n')
  return lines.some((line) => line.startsWith(`${name}:`))
}
