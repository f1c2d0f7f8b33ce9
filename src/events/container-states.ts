/** A container's state as far as events tell it. */
export interface KnownState {
  readonly status: string
  readonly name?: string
}

const statusAfter: Readonly<Record<string, string>> = {
  create: 'created',
  start: 'running',
  unpause: 'running',
  restart: 'running',
  pause: 'paused',
  die: 'exited',
}

/** What changed while nobody was looking: the event that would have told it. */
export interface StateChange {
  readonly id: string
  readonly action: 'create' | 'start' | 'pause' | 'unpause' | 'die' | 'destroy'
  readonly name?: string
}

/** The containers of an engine, kept up to date by its events, compared with its list after a gap. */
export class ContainerStates {
  #states = new Map<string, KnownState>()

  apply(action: string, id: string, name?: string): void {
    if (action === 'destroy') {
      this.#states.delete(id)
      return
    }
    const status = statusAfter[action]
    if (status === undefined) return
    const known = name ?? this.#states.get(id)?.name
    this.#states.set(id, { status, ...(known !== undefined && { name: known }) })
  }

  /** Takes the list as the truth and returns what no event has told. */
  resync(list: readonly { id: string; name: string; state: string }[]): StateChange[] {
    const before = this.#states
    this.#states = new Map(list.map(({ id, name, state }) => [id, { status: settled(state), name }]))
    const changes: StateChange[] = []
    for (const [id, { name }] of before) {
      if (!this.#states.has(id)) changes.push({ id, action: 'destroy', ...(name !== undefined && { name }) })
    }
    for (const [id, { status, name }] of this.#states) {
      for (const action of between(before.get(id)?.status, status)) {
        changes.push({ id, action, ...(name !== undefined && { name }) })
      }
    }
    return changes
  }
}

/** The engine's passing states as the lasting ones that events lead to. */
function settled(state: string): string {
  if (state === 'restarting') return 'running'
  return state === 'dead' || state === 'removing' ? 'exited' : state
}

function between(from: string | undefined, to: string): StateChange['action'][] {
  if (from === to) return []
  const created: StateChange['action'][] = from === undefined ? ['create'] : []
  if (to === 'created') return created
  if (to === 'running') return from === 'paused' ? ['unpause'] : [...created, 'start']
  if (to === 'paused') return from === 'running' ? ['pause'] : [...created, 'start', 'pause']
  return from === 'running' || from === 'paused' ? ['die'] : [...created, 'start', 'die']
}
