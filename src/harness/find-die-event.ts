import type { ContainerEngine } from '../engine/container-engine.js'

const REPLAY_MS = 1_000

/**
 * The engine's `die` event of a run that nobody watched: the first one after `startedAt`, or the last one it still
 * has. The engine keeps few events, so there may be none.
 */
export async function findDieEvent(
  engine: ContainerEngine,
  id: string,
  startedAt: Date | undefined,
  signal: AbortSignal,
): Promise<{ code: number; at: Date } | undefined> {
  const since = startedAt ? BigInt(startedAt.getTime()) * 1_000_000n : 1n
  // What is past comes at once; then the stream stays open and silent.
  const replayed = AbortSignal.any([signal, AbortSignal.timeout(REPLAY_MS)])
  const filters = { types: ['container'], events: ['die', 'destroy'], containers: [id] }
  let last: { code: number; at: Date } | undefined
  try {
    for await (const event of await engine.events({ sinceNano: since, filters }, { signal: replayed })) {
      if (event.action === 'destroy') break
      const code = Number(event.attributes['exitCode'])
      if (!Number.isInteger(code)) continue
      last = { code, at: new Date(Number(event.timeNano / 1_000_000n)) }
      if (startedAt) break
    }
  } catch (error) {
    if (signal.aborted || !replayed.aborted) throw error
  }
  return last
}
