import { EventEmitter } from 'eventemitter3'

/** A map from event name to its payload. */
export type EventPayloads = Record<string, object>

/** The part of an emitter that a listener needs. */
export interface EventSource<Payloads extends EventPayloads> {
  /** Calls `listener` for every such event from now on; the function returned ends that. */
  on<Name extends keyof Payloads & string>(
    event: Name,
    listener: (payload: Payloads[Name]) => void,
  ): () => void
}

/**
 * A typed emitter whose listeners cannot hurt: one that throws, or returns a promise that rejects, stops neither
 * the others nor the code that emits. What it threw goes to `onListenerError`.
 */
export class SafeEmitter<Payloads extends EventPayloads> implements EventSource<Payloads> {
  readonly #emitter = new EventEmitter<Record<string, (payload: object) => void>>()

  constructor(private readonly onListenerError: (error: unknown, event: string) => void = () => {}) {}

  on<Name extends keyof Payloads & string>(
    event: Name,
    listener: (payload: Payloads[Name]) => void,
  ): () => void {
    const guarded = (payload: object): void => {
      try {
        const result: unknown = listener(payload as Payloads[Name]) as unknown
        if (result instanceof Promise) result.catch((error: unknown) => this.onListenerError(error, event))
      } catch (error) {
        this.onListenerError(error, event)
      }
    }
    this.#emitter.on(event, guarded)
    return () => void this.#emitter.off(event, guarded)
  }

  emit<Name extends keyof Payloads & string>(event: Name, payload: Payloads[Name]): void {
    this.#emitter.emit(event, payload)
  }

  listenerCount(event: keyof Payloads & string): number {
    return this.#emitter.listenerCount(event)
  }

  removeAllListeners(): void {
    this.#emitter.removeAllListeners()
  }
}
