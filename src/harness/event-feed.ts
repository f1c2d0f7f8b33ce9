import type { ContainerEngine } from '../engine/container-engine.js'
import type { EngineEvent } from '../engine/engine-types.js'
import { ContainersError, isContainersError } from '../errors/containers-error.js'
import { ContainerStates } from '../events/container-states.js'
import type { HarnessEvent } from '../events/engine-occurrence.js'
import { EventQueue } from '../events/event-queue.js'
import { pause } from '../internal/abort.js'
import { fromEngineEvent, fromStateChange, keyOf } from './to-occurrence.js'

/** What a feed tells its owner. */
export interface EventFeedHooks {
  onLost(error: ContainersError): void
  onBack(lostMs: number): void
}

/**
 * What is asked of the engine. Execs and health checks are left out: they flood a stream whose replay reaches only
 * some hundred events back.
 */
const filters = {
  types: ['container', 'image', 'network', 'volume'],
  events: [
    ...[
      'create',
      'start',
      'restart',
      'stop',
      'kill',
      'die',
      'oom',
      'pause',
      'unpause',
      'rename',
      'update',
      'destroy',
    ],
    ...[
      'pull',
      'tag',
      'untag',
      'delete',
      'import',
      'load',
      'connect',
      'disconnect',
      'mount',
      'unmount',
      'remove',
    ],
  ],
}
/** How long the first replayed event may take after the stream was opened; its absence is a gap. */
const REPLAY_MS = 1_000
const BACKOFF_MS = { first: 100, longest: 5_000 }

/**
 * The one events stream of a harness: open while there is a subscriber, shared by all. After a loss it goes on from
 * the last event it saw. The engine's replay begins with that very event, or it does not reach back so far: then a
 * gap is told, and what changed meanwhile is found by listing.
 */
export class EventFeed {
  readonly #queues = new Set<EventQueue>()
  #stop: AbortController | undefined
  /** The last instant that was seen, and every event of it: the replay repeats them. */
  #last: { timeNano: bigint; keys: Set<string> } | undefined
  #states = new ContainerStates()

  constructor(
    private readonly engine: ContainerEngine,
    private readonly hooks: EventFeedHooks,
  ) {}

  /** Resolves when the stream is open: what happens from then on is told. */
  async subscribe(
    maxQueued: number,
    isWanted: (event: HarnessEvent) => boolean,
    signal: AbortSignal,
  ): Promise<EventQueue> {
    const queue = new EventQueue(maxQueued, () => this.#leave(queue), isWanted)
    this.#queues.add(queue)
    try {
      await this.#open(signal)
    } catch (error) {
      queue.end()
      throw error
    }
    return queue
  }

  #opening: Promise<void> | undefined

  #open(signal: AbortSignal): Promise<void> {
    if (this.#opening) return this.#opening
    const stop = (this.#stop = new AbortController())
    this.#last = undefined
    this.#states = new ContainerStates()
    const opening = this.#connect(stop.signal).then((events) => {
      void this.#run(events, stop.signal)
    })
    this.#opening = opening
    opening.catch(() => this.#forget(stop))
    signal.addEventListener('abort', () => stop.abort(signal.reason), { once: true, signal: stop.signal })
    return opening
  }

  #leave(queue: EventQueue): void {
    this.#queues.delete(queue)
    if (this.#queues.size === 0 && this.#stop) this.#forget(this.#stop)
  }

  #forget(stop: AbortController): void {
    stop.abort()
    if (this.#stop !== stop) return
    this.#stop = undefined
    this.#opening = undefined
  }

  /** Ends every subscriber's iteration. */
  close(error?: unknown): void {
    for (const queue of [...this.#queues]) queue.end(error)
  }

  async #connect(signal: AbortSignal): Promise<AsyncIterator<EngineEvent>> {
    const since = this.#last && { sinceNano: this.#last.timeNano }
    const stream = await this.engine.events({ ...since, filters }, { signal })
    return stream[Symbol.asyncIterator]()
  }

  async #run(first: AsyncIterator<EngineEvent>, signal: AbortSignal): Promise<void> {
    let events: AsyncIterator<EngineEvent> | undefined = first
    let failure: unknown
    try {
      await this.#learnStates(signal)
      for (;;) {
        failure = await this.#drain(events, signal)
        if (signal.aborted) return
        events = await this.#reconnect(failure, signal)
      }
    } catch (error) {
      // Aborted by the last one to leave, or a bug of ours, which must not end in silence.
      if (!signal.aborted) this.close(error)
    }
  }

  async #learnStates(signal: AbortSignal): Promise<void> {
    this.#states.resync(await this.engine.listContainers({ all: true }, { signal }))
  }

  async #drain(events: AsyncIterator<EngineEvent>, signal: AbortSignal): Promise<unknown> {
    try {
      for (;;) {
        const { done, value } = await events.next()
        if (done) return undefined
        this.#take(value)
      }
    } catch (error) {
      return signal.aborted ? undefined : error
    }
  }

  #take(event: EngineEvent): void {
    const key = keyOf(event)
    if (this.#last?.timeNano === event.timeNano) {
      if (this.#last.keys.has(key)) return
      this.#last.keys.add(key)
    } else if (!this.#last || event.timeNano > this.#last.timeNano) {
      this.#last = { timeNano: event.timeNano, keys: new Set([key]) }
    }
    const occurrence = fromEngineEvent(event)
    if (occurrence.type === 'container') this.#states.apply(occurrence.action, occurrence.id, occurrence.name)
    this.#tell(occurrence)
  }

  #tell(event: HarnessEvent): void {
    for (const queue of [...this.#queues]) queue.push(event)
  }

  async #reconnect(failure: unknown, signal: AbortSignal): Promise<AsyncIterator<EngineEvent>> {
    const lostAt = new Date()
    this.hooks.onLost(asLost(failure, this.engine.address))
    for (let waitMs = BACKOFF_MS.first; ; waitMs = Math.min(waitMs * 2, BACKOFF_MS.longest)) {
      await pause(waitMs, 'Reconnecting', signal)
      try {
        const events = await this.#connect(signal)
        const resumed = await this.#catchUp(events, lostAt, signal)
        this.hooks.onBack(Date.now() - lostAt.getTime())
        return resumed
      } catch (error) {
        if (signal.aborted) throw error
      }
    }
  }

  /** Goes on where it was, or says that it cannot, and looks. */
  async #catchUp(
    events: AsyncIterator<EngineEvent>,
    lostAt: Date,
    signal: AbortSignal,
  ): Promise<AsyncIterator<EngineEvent>> {
    const last = this.#last
    const first = events.next()
    first.catch(() => {})
    const replayed = await Promise.race([first, pause(last ? REPLAY_MS : 0, 'Replay', signal)])
    const overlaps =
      last !== undefined &&
      replayed?.done === false &&
      replayed.value.timeNano === last.timeNano &&
      last.keys.has(keyOf(replayed.value))
    if (!overlaps) {
      const from = last ? new Date(Number(last.timeNano / 1_000_000n)) : lostAt
      const list = await this.engine.listContainers({ all: true }, { signal })
      const now = new Date()
      this.#tell({ kind: 'gap', cause: 'disconnected', from, to: now })
      for (const change of this.#states.resync(list)) {
        this.#tell(await fromStateChange(this.engine, change, now, signal))
      }
    }
    return prepend(first, events)
  }
}

/** An iterator whose first result was asked for already. */
function prepend<T>(first: Promise<IteratorResult<T>>, rest: AsyncIterator<T>): AsyncIterator<T> {
  let taken: Promise<IteratorResult<T>> | undefined = first
  return {
    next: () => {
      const next = taken ?? rest.next()
      taken = undefined
      return next
    },
  }
}

function asLost(failure: unknown, address: string): ContainersError {
  if (isContainersError(failure)) return failure
  return new ContainersError('CONNECTION_LOST', `The events stream of ${address} ended.`, { cause: failure })
}
