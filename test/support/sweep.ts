import { engineRequest } from '../../docker/scripts/lib/engine-api.mjs'
import { isAlive, startOf } from '../../docker/scripts/lib/lock.mjs'

/** Everything that a test makes on an engine carries this label; its value names the run's process. */
export const TEST_LABEL = 'anyon.test'

/** The value for a process: a pid with its start time, since a pid alone is given out again. */
export function ownerLabel(pid: number): string {
  return `${pid}-${startOf(pid) ?? ''}`
}

function isAbandoned(value: string): boolean {
  const [pid, startedAt] = value.split('-')
  return !isAlive({ pid: Number(pid), startedAt: startedAt === '' ? undefined : startedAt })
}

interface Labelled {
  Id?: string
  Name?: string
  Labels?: Record<string, string> | null
}

const KINDS = [
  { list: '/containers/json?all=1', remove: (id: string) => `/containers/${id}?force=1&v=1` },
  { list: '/networks', remove: (id: string) => `/networks/${id}` },
  { list: '/volumes', remove: (id: string) => `/volumes/${id}?force=1` },
  { list: '/images/json', remove: (id: string) => `/images/${id}?force=1` },
]

/**
 * Removes what tests left on the engine, of the given owner, else of every run that is dead.
 * Returns what was removed, for a message.
 */
export async function sweep(endpoint: string, owner?: string): Promise<string[]> {
  const removed: string[] = []
  for (const kind of KINDS) {
    const filters = encodeURIComponent(JSON.stringify({ label: [TEST_LABEL] }))
    const path = `${kind.list}${kind.list.includes('?') ? '&' : '?'}filters=${filters}`
    const { body } = await engineRequest(endpoint, 'GET', path)
    for (const { Id, Name, Labels } of entries(body)) {
      const value = Labels?.[TEST_LABEL] ?? ''
      const id = Id ?? Name
      if (id === undefined || !(owner === undefined ? isAbandoned(value) : value === owner)) continue
      await engineRequest(endpoint, 'DELETE', kind.remove(id))
      removed.push(`${kind.list.split(/[/?]/)[1]} ${id.slice(0, 20)}`)
    }
  }
  return removed
}

/** The engine wraps volumes in an object, and nothing else. */
function entries(body: unknown): Labelled[] {
  const list = Array.isArray(body) ? body : (body as { Volumes?: Labelled[] | null }).Volumes
  return (list ?? []) as Labelled[]
}
