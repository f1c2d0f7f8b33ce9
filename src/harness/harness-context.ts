import type { ContainerEngine } from '../engine/container-engine.js'
import { ContainersError } from '../errors/containers-error.js'
import type { HarnessEvents } from '../events/event-map.js'
import type { SafeEmitter } from '../events/safe-emitter.js'
import type { StopRecords } from './stop-record.js'

/** What the handles of one harness share. */
export interface HarnessContext {
  readonly engine: ContainerEngine
  readonly events: SafeEmitter<HarnessEvents>
  readonly stops: StopRecords
  /** Aborted by `close`. */
  readonly closing: AbortSignal
  /** What is to be let go of before the engine is, each with how. */
  readonly holds: Set<() => Promise<void>>
  /** How long a wait looks for an engine that was lost. */
  readonly reconnectMs: number
}

export function closedError(engine: ContainerEngine, cause?: unknown): ContainersError {
  return new ContainersError('CLOSED', `The harness of ${engine.address} was closed.`, { cause })
}

export function throwIfClosed({ closing, engine }: HarnessContext): void {
  if (closing.aborted) throw closedError(engine)
}
