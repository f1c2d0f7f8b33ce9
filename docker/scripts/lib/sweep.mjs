import { engineRequest } from './engine-api.mjs'
import { isAlive, startOf } from './lock.mjs'

/** Everything that a test makes on an engine carries this label; its value names the run's process. */
export const TEST_LABEL = 'anyon.test'

/** The label's value for a process: its pid with its start time, since a pid alone is given out again. */
export function ownerLabel(pid) {
  return `${pid}-${startOf(pid) ?? ''}`
}

function isAbandoned(value) {
  const [pid, startedAt] = value.split('-')
  return !isAlive({ pid: Number(pid), startedAt })
}

const KINDS = [
  { list: '/containers/json?all=1&', remove: (id) => `/containers/${id}?force=1&v=1` },
  { list: '/networks?', remove: (id) => `/networks/${id}` },
  { list: '/volumes?', remove: (id) => `/volumes/${id}?force=1` },
  { list: '/images/json?', remove: (id) => `/images/${id}?force=1` },
]

/**
 * Removes what tests left on the engine: of the given owner, else of every run that is dead.
 * Returns what was removed, for a message.
 */
export async function sweep(endpoint, owner) {
  const removed = []
  const isDue = owner === undefined ? isAbandoned : (value) => value === owner
  const filters = encodeURIComponent(JSON.stringify({ label: [TEST_LABEL] }))
  for (const { list, remove } of KINDS) {
    const { body } = await engineRequest(endpoint, 'GET', `${list}filters=${filters}`)
    // The engine wraps volumes in an object, and nothing else.
    for (const { Id, Name, Labels } of body.Volumes ?? (Array.isArray(body) ? body : [])) {
      if (!isDue(Labels?.[TEST_LABEL] ?? '')) continue
      const id = Id ?? Name
      await engineRequest(endpoint, 'DELETE', remove(id))
      removed.push(`${list.split(/[/?]/)[1]} ${id.slice(0, 20)}`)
    }
  }
  return removed
}
