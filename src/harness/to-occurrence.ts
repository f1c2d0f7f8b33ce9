import type { ContainerEngine } from '../engine/container-engine.js'
import type { EngineEvent } from '../engine/engine-types.js'
import type { StateChange } from '../events/container-states.js'
import type { EngineOccurrence } from '../events/engine-occurrence.js'

/** What makes an event the same one when the engine tells it again. */
export function keyOf({ type, action, actorId, timeNano }: EngineEvent): string {
  return `${timeNano} ${type} ${action} ${actorId}`
}

export function fromEngineEvent(event: EngineEvent): EngineOccurrence {
  const { attributes } = event
  return {
    kind: 'event',
    type: event.type,
    action: event.action,
    id: event.actorId,
    ...(attributes['name'] !== undefined && { name: attributes['name'] }),
    ...number('exitCode', attributes['exitCode']),
    ...number('signalNumber', attributes['signal']),
    attributes,
    at: new Date(Number(event.timeNano / 1_000_000n)),
    source: 'engine',
  }
}

function number<Key extends string>(key: Key, text: string | undefined): { [K in Key]?: number } {
  const value = Number(text)
  return text && Number.isInteger(value) ? ({ [key]: value } as { [K in Key]: number }) : {}
}

/** The event that would have told a change, with what can still be read of it. */
export async function fromStateChange(
  engine: ContainerEngine,
  { id, action, name }: StateChange,
  at: Date,
  signal: AbortSignal,
): Promise<EngineOccurrence> {
  const found =
    action === 'die' ? await engine.inspectContainer(id, { signal }).catch(() => undefined) : undefined
  return {
    kind: 'event',
    type: 'container',
    action,
    id,
    ...(name !== undefined && { name }),
    ...(found && { exitCode: found.state.exitCode }),
    attributes: {},
    at: found?.state.finishedAt ?? at,
    source: 'resync',
  }
}
