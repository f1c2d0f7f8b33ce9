import type { ContainerEngine } from '../engine/container-engine.js'
import type { LogRequest } from '../engine/engine-types.js'
import { ContainersError, isContainersError } from '../errors/containers-error.js'
import { abortedError, pause, throwIfAborted } from '../internal/abort.js'
import { isUnderSupervisor } from '../model/labels.js'
import { LogConnection } from './log-connection.js'
import { logGap, stampToSince, type LogGap, type StampedEntry } from './log-entry.js'
import { dateToSince, type LogOptions } from './log-options.js'
import { LogPosition } from './log-position.js'
import { LossWatch, type LogStretch, type StretchCount } from './loss-watch.js'

const FIRST_RETRY_MS = 100
const MAX_RETRY_MS = 2000
/** How long a lost engine is tried again. */
const PATIENCE_MS = 30_000
/** Docker's log drivers that rotate, and that give each line its own timestamp; Podman's of the same name do not. */
const dockerFiles: readonly string[] = ['json-file', 'local']

/** Reads a log once, from the first entry wanted to the last, over as many connections as it takes. */
export class LogRead {
  #position = new LogPosition()
  readonly #watch: LossWatch | undefined
  readonly #known: LogGap[] = []
  #terminal = false
  #begun = false
  /** The last connection ended before the log did. */
  #interrupted = false

  constructor(
    private readonly engine: ContainerEngine,
    private readonly id: string,
    private readonly options: LogOptions,
  ) {
    if (options.follow === true) this.#watch = new LossWatch((stretch) => this.#count(stretch))
  }

  async *entries(): AsyncGenerator<StampedEntry | LogGap, void, undefined> {
    throwIfAborted(this.#what, this.options.signal)
    await this.#prepare()
    try {
      yield* this.#toTheEnd()
    } catch (error) {
      // Removed, and its log with it, after it was read as far as it went.
      if (!this.#begun || !isContainersError(error, 'CONTAINER_NOT_FOUND')) throw error
      const { newest } = this.#position
      if (this.#interrupted && newest !== undefined) yield logGap(newest, undefined)
    } finally {
      this.#watch?.stop()
    }
  }

  async *#toTheEnd(): AsyncGenerator<StampedEntry | LogGap, void, undefined> {
    let { follow = false } = this.options
    for (;;) {
      const outcome = yield* this.#connect(follow)
      this.#interrupted = outcome !== 'ended'
      if (outcome === 'ended' && !follow) break
      // A container that is restarted ends its log's stream too. After the last end comes a read of what there is,
      // for what the engine had not yet sent.
      if (outcome === 'ended') follow = await this.#isRunning()
      else if (outcome === 'lost') await pause(FIRST_RETRY_MS, this.#what, this.options.signal)
    }
    await this.#watch?.finish()
    yield* this.#gaps()
  }

  get #what(): string {
    return `Reading the log of ${this.id}`
  }

  async #prepare(): Promise<void> {
    const { follow = false, signal } = this.options
    const { config, host, name } = await this.engine.inspectContainer(this.id, { signal })
    this.#terminal = config.terminal
    if (host.logDriver === 'none') {
      const advice = isUnderSupervisor(config.labels)
        ? 'What its commands print goes to their handles, and its process 1 prints nothing.'
        : 'Attach to it before it starts instead.'
      const message = `The container ${name} keeps no log (its log driver is "none"). ${advice}`
      throw new ContainersError('NOT_SUPPORTED', message)
    }
    if (!follow || !dockerFiles.includes(host.logDriver)) return
    const { product } = await this.engine.version({ signal })
    this.#position = new LogPosition(product === 'docker')
  }

  async *#connect(
    follow: boolean,
  ): AsyncGenerator<StampedEntry | LogGap, 'ended' | 'released' | 'lost', undefined> {
    const { signal } = this.options
    const connection = await this.#open(follow)
    const onAbort = (): void => connection.close(signal && abortedError(this.#what, signal))
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      for (;;) {
        throwIfAborted(this.#what, signal)
        const next = await connection.next()
        yield* this.#gaps()
        if (Array.isArray(next)) yield* next
        else if (next.kind === 'lost' && !isLost(next.error)) throw next.error
        else return next.kind
      }
    } finally {
      signal?.removeEventListener('abort', onAbort)
      connection.close()
    }
  }

  /** A first connection that fails is an error; one that is to go on with is tried again for a while. */
  async #open(follow: boolean): Promise<LogConnection> {
    const { signal } = this.options
    const until = Date.now() + PATIENCE_MS
    for (let waitMs = FIRST_RETRY_MS; ; waitMs = Math.min(waitMs * 2, MAX_RETRY_MS)) {
      try {
        const source = await this.engine.containerLogs(this.id, this.#request(follow), { signal })
        this.#position.replay()
        this.#begun = true
        return new LogConnection(source, this.#terminal, (entry) => this.#note(entry))
      } catch (error) {
        if (
          !this.#begun ||
          signal?.aborted ||
          Date.now() > until ||
          !isContainersError(error) ||
          !error.retryable
        )
          throw error
        await pause(waitMs, this.#what, signal)
      }
    }
  }

  #request(follow: boolean): LogRequest {
    const { stdout = true, stderr = true, since, until, tail } = this.options
    const from = this.#position.since ?? (since && dateToSince(since))
    return {
      follow,
      stdout,
      stderr,
      timestamps: true, // how a read goes on where it was, whether they are wanted or not
      ...(from !== undefined && { since: from }),
      ...(until !== undefined && { until: dateToSince(until) }),
      ...(tail !== undefined && this.#position.newest === undefined && { tail }),
    }
  }

  /** Whether the entry is a new one. */
  #note(entry: StampedEntry): boolean {
    const before = this.#position.newest
    const { repeat, lost } = this.#position.take(entry)
    if (repeat) return false
    if (lost && before !== undefined) {
      this.#known.push(logGap(before, entry.stamp))
      this.#watch?.restart()
    }
    this.#watch?.note(entry)
    return true
  }

  #gaps(): LogGap[] {
    return [...this.#known.splice(0), ...(this.#watch?.take() ?? [])]
  }

  async #isRunning(): Promise<boolean> {
    try {
      const { state } = await this.engine.inspectContainer(this.id, { signal: this.options.signal })
      if (state.running) await pause(FIRST_RETRY_MS, this.#what, this.options.signal)
      return state.running
    } catch (error) {
      if (isContainersError(error) && error.retryable) return true // the next connection waits for the engine
      throw error
    }
  }

  async #count({ from, to }: LogStretch): Promise<StretchCount> {
    const { stdout = true, stderr = true, signal } = this.options
    const request = { follow: false, stdout, stderr, timestamps: true }
    const source = await this.engine.containerLogs(
      this.id,
      { ...request, since: stampToSince(from), until: stampToSince(to, -1) },
      { signal },
    )
    let count = 0
    let whole = false
    const counting = new LogConnection(source, this.#terminal, ({ stamp }) => {
      if (stamp <= from) whole = true
      else if (stamp <= to) count++
      return false
    })
    const outcome = await counting.next()
    if (!Array.isArray(outcome) && outcome.kind === 'lost') throw outcome.error
    return { count, whole }
  }
}

function isLost(error: Error): boolean {
  return isContainersError(error) ? error.retryable || error.code === 'STREAM_INVALID' : true
}
