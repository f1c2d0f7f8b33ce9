import type { ContainerEngine } from '../engine/container-engine.js'
import type { EngineEvent } from '../engine/engine-types.js'

/** How long the engine may take to tell an event that must be there. */
const REPLAY_MS = 1_000
/** The same for one that need not be there, which costs this much each time that it is not. */
const GLANCE_MS = 200

export interface RunToLookFor {
  readonly engine: ContainerEngine
  readonly id: string
  readonly startedAt: Date | undefined
  readonly signal: AbortSignal
}

/**
 * The engine's `die` event of a run that nobody watched: the first one after its start, or the last one it still
 * has. The engine keeps few events, so there may be none.
 */
export async function findDieEvent(run: RunToLookFor): Promise<{ code: number; at: Date } | undefined> {
  let last: { code: number; at: Date } | undefined
  await replay(run, ['die', 'destroy'], REPLAY_MS, ({ action, attributes, timeNano }) => {
    const code = Number(attributes['exitCode'])
    if (action === 'destroy') return 'enough'
    if (Number.isInteger(code)) last = { code, at: new Date(Number(timeNano / 1_000_000n)) }
    return last && run.startedAt ? 'enough' : 'more'
  })
  return last
}

/** Whether the engine told of an `oom` in this run. Its flag is lost when the exit overtakes that event. */
export async function sawOomEvent(run: RunToLookFor): Promise<boolean> {
  let seen = false
  await replay(run, ['oom'], GLANCE_MS, () => {
    seen = true
    return 'enough'
  })
  return seen
}

/** What is past comes at once; then the stream stays open and silent, until the time is over. */
async function replay(
  { engine, id, startedAt, signal }: RunToLookFor,
  events: readonly string[],
  forMs: number,
  take: (event: EngineEvent) => 'more' | 'enough',
): Promise<void> {
  const sinceNano = startedAt ? BigInt(startedAt.getTime()) * 1_000_000n : 1n
  const time = AbortSignal.any([signal, AbortSignal.timeout(forMs)])
  const filters = { types: ['container'], events, containers: [id] }
  try {
    for await (const event of await engine.events({ sinceNano, filters }, { signal: time })) {
      if (take(event) === 'enough') return
    }
  } catch (error) {
    if (signal.aborted || !time.aborted) throw error
  }
}
