import { crypto } from '../internal/builtins.js'
import { setMaxListeners } from 'node:events'
import type { ContainerEngine } from '../engine/container-engine.js'
import type { ConnectOptions } from '../engine/endpoint/connect-options.js'
import type { ContainerSummary } from '../engine/engine-types.js'
import type { HarnessEvent } from '../events/engine-occurrence.js'
import type { HarnessEvents } from '../events/event-map.js'
import { SafeEmitter, type EventSource } from '../events/safe-emitter.js'
import { Images } from '../images/images.js'
import { Container, type SignalOptions } from './container.js'
import type { CreateOptions } from './create-options.js'
import type { DoctorReport } from './doctor-report.js'
import type { EventFeed } from './event-feed.js'
import { closedError, throwIfClosed, type HarnessContext } from './harness-context.js'
import * as check from './check-option.js'
import { StopRecords } from './stop-record.js'
import { watchEvents, type EventsOptions } from './watch-events.js'

/** Options of {@link DockerHarness}. */
export interface HarnessOptions {
  /** How long a `wait` looks for an engine that was lost before it gives up, in milliseconds. Default: 60,000. */
  reconnectMs?: number
}

/**
 * One container engine: its containers, images and events. Nothing is shared between two harnesses, and nothing of
 * the environment is read after connecting.
 *
 * @example
 * ```ts
 * await using harness = await DockerHarness.connect()
 * await using container = await harness.create({ image: 'busybox', command: ['sh', '-c', 'exit 7'] })
 * await container.start()
 * const exit = await container.wait() // { reason: 'exited', code: 7, … }
 * ```
 */
export class DockerHarness implements AsyncDisposable, EventSource<HarnessEvents> {
  /** The images of this engine. */
  readonly images: Images
  readonly #closing = new AbortController()
  readonly #emitter: SafeEmitter<HarnessEvents>
  readonly #context: HarnessContext
  #feed: Promise<EventFeed> | undefined

  /** Over an engine that is connected already; {@link connect} is the usual way. */
  constructor(
    /** The engine underneath: one method a call, for what the harness has no word for. */
    readonly engine: ContainerEngine,
    { reconnectMs = 60_000 }: HarnessOptions = {},
  ) {
    check.integer(0)('reconnectMs', reconnectMs)
    setMaxListeners(0, this.#closing.signal) // one for each wait
    this.#emitter = new SafeEmitter<HarnessEvents>((error, event) => {
      if (event !== 'listenerFailed') this.#emitter.emit('listenerFailed', { event, error })
    })
    this.#context = {
      engine,
      events: this.#emitter,
      stops: new StopRecords(),
      holds: new Set(),
      closing: this.#closing.signal,
      reconnectMs,
    }
    this.images = new Images(engine)
  }

  /**
   * Finds the engine: the one that the options name, else `DOCKER_HOST`, `DOCKER_CONTEXT`, the current docker
   * context, the usual sockets.
   *
   * @throws `ENGINE_NOT_FOUND` saying every place and why it failed; where one was named, what is wrong with that:
   * `ENGINE_UNREACHABLE`, `ENGINE_PERMISSION_DENIED`, `TLS_INVALID`, `CONTEXT_NOT_FOUND`, `ENGINE_VERSION_UNSUPPORTED`.
   */
  static async connect(options: ConnectOptions & HarnessOptions = {}): Promise<DockerHarness> {
    const { reconnectMs, ...connection } = options
    if (reconnectMs !== undefined) check.integer(0)('reconnectMs', reconnectMs)
    const { connectEngine } = await import('../engine/connect-engine.js') // keeps the package's own import light
    return new DockerHarness(
      await connectEngine(connection),
      reconnectMs === undefined ? {} : { reconnectMs },
    )
  }

  /** {@link DockerHarness.prototype.doctor} for when there may be no engine to connect to. Never throws for that. */
  static async doctor(options: ConnectOptions = {}): Promise<DoctorReport> {
    const { diagnoseConnection } = await import('./diagnose.js')
    return diagnoseConnection(options)
  }

  /** Looks the engine over: what is wrong, what it cannot do, and the command that mends it. */
  async doctor(options: SignalOptions = {}): Promise<DoctorReport> {
    throwIfClosed(this.#context)
    const { diagnose } = await import('./diagnose.js')
    return diagnose(this.engine, options.signal)
  }

  /**
   * Creates a container; it is not started. When it fails, nothing is left behind.
   *
   * @throws `INVALID_OPTION` before anything is touched; `IMAGE_NOT_FOUND`, `PULL_FAILED`, `NAME_TAKEN`,
   * `MOUNT_SOURCE_MISSING`, `NETWORK_NOT_FOUND`, `SUPERVISOR_UNAVAILABLE`, …
   */
  async create(options: CreateOptions): Promise<Container> {
    throwIfClosed(this.#context)
    const { createContainer } = await import('./create-container.js')
    return createContainer(this.#context, this.images, options, crypto().randomUUID())
  }

  /** A container that is there already, by name or id. No call is made: whether it is there shows with the first. */
  container(nameOrId: string): Container {
    check.text('must not be empty', (text) => text !== '')('nameOrId', nameOrId)
    return new Container(this.#context, nameOrId)
  }

  /** Containers, running or not. `labels` must all be there: `key`, `key=value`, or a record of them. */
  async list(
    options: SignalOptions & { labels?: readonly string[] | Readonly<Record<string, string>> } = {},
  ): Promise<ContainerSummary[]> {
    throwIfClosed(this.#context)
    const { labels = [], signal } = options
    const wanted = Array.isArray(labels) ? labels : Object.entries(labels).map((pair) => pair.join('='))
    return this.engine.listContainers({ labels: wanted, all: true }, { signal })
  }

  /**
   * What happens on the engine, from now on. All subscribers share one stream, which reconnects, goes on where it
   * was, and tells of every gap that it cannot close.
   *
   * @example
   * ```ts
   * for await (const event of harness.events({ types: ['container'], signal })) {
   *   if (event.kind === 'gap') console.warn('missed something since', event.from)
   *   else console.log(event.action, event.name)
   * }
   * ```
   */
  events(options: EventsOptions = {}): AsyncIterableIterator<HarnessEvent> {
    throwIfClosed(this.#context)
    return watchEvents(() => this.#openFeed(), options, this.#closing.signal)
  }

  #openFeed(): Promise<EventFeed> {
    return (this.#feed ??= this.#makeFeed())
  }

  async #makeFeed(): Promise<EventFeed> {
    const { EventFeed } = await import('./event-feed.js')
    throwIfClosed(this.#context)
    const { address } = this.engine
    return new EventFeed(this.engine, {
      onLost: (error) => this.#emitter.emit('engineLost', { address, error }),
      onBack: (lostMs) => this.#emitter.emit('engineBack', { address, lostMs }),
    })
  }

  /** Calls `listener` for what this harness does or meets itself; see {@link HarnessEvents}. Returns the way out. */
  on<Name extends keyof HarnessEvents>(
    event: Name,
    listener: (payload: HarnessEvents[Name]) => void,
  ): () => void {
    return this.#emitter.on(event, listener)
  }

  /** Lets go of the engine: waits end with `CLOSED`, iterations of events end. Removes no container. Idempotent. */
  async close(): Promise<void> {
    if (!this.#closing.signal.aborted) {
      this.#closing.abort(closedError(this.engine))
      this.#feed?.then(
        (feed) => feed.close(),
        () => {}, // closed before it was made
      )
      this.#emitter.removeAllListeners()
    }
    await Promise.all([...this.#context.holds].map((letGo) => letGo()))
    await this.engine.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
