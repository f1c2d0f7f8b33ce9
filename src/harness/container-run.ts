import type { ArmedWait } from '../engine/container-engine.js'
import { isContainersError } from '../errors/containers-error.js'
import { abortable, throwIfAborted } from '../internal/abort.js'
import type { ContainerExit } from '../model/container-exit.js'
import { ExitWatch } from './exit-watch.js'
import { throwIfClosed, type HarnessContext } from './harness-context.js'

/** The runs of one container, from start to exit, as one handle sees them. */
export class ContainerRun {
  #watch: ExitWatch | undefined
  #begun = false

  constructor(
    private readonly context: HarnessContext,
    private readonly id: string,
    /** Whether the harness made it, and removes it when it never comes to run. */
    private readonly isOurs: boolean,
  ) {}

  async start(signal: AbortSignal | undefined): Promise<void> {
    throwIfClosed(this.context)
    throwIfAborted(`Starting container ${this.id}`, signal)
    try {
      await this.#start(signal)
      this.#begun = true
    } catch (error) {
      if (this.isOurs && !this.#begun) await this.#failedStart(error)
      throw error
    }
  }

  async #start(signal: AbortSignal | undefined): Promise<void> {
    const { engine, events, stops, closing } = this.context
    const begunAtMs = performance.now()
    // Armed first: the shortest run is over before a wait that comes after the start.
    const armed = await engine.waitContainer(this.id, 'next-exit', { signal: closing })
    try {
      const wasStarted = await engine.startContainer(this.id, { signal })
      if (!wasStarted && this.#watch && !this.#watch.exit) return release(armed)
      stops.of(this.id).dropBefore(begunAtMs)
      this.#follow(armed)
      if (wasStarted) events.emit('containerStarted', { containerId: this.id })
    } catch (error) {
      release(armed)
      throw error
    }
  }

  /** It never ran: what the engine said is its exit, and nothing is left behind. */
  async #failedStart(error: unknown): Promise<void> {
    const errorText = error instanceof Error ? error.message : String(error)
    const facts = { oomKilled: false, source: 'inspect', succeeded: false, wasSignaled: false } as const
    this.#watch = new ExitWatch(Promise.resolve({ ...facts, reason: 'startFailed', errorText }))
    await this.removeQuietly()
  }

  async wait(signal: AbortSignal | undefined): Promise<ContainerExit> {
    throwIfClosed(this.context)
    throwIfAborted(`Waiting for container ${this.id}`, signal)
    const watch = await this.#current(signal)
    return abortable(watch.result, `Waiting for container ${this.id}`, signal)
  }

  async #current(signal: AbortSignal | undefined): Promise<ExitWatch> {
    const watch = this.#watch
    if (!watch) return this.#follow()
    if (!watch.exit || (await this.#isStillOver(watch.exit, signal))) return watch
    return this.#follow()
  }

  /** Whether the run that ended so is still the last one; somebody else may have started it since. */
  async #isStillOver(exit: ContainerExit, signal: AbortSignal | undefined): Promise<boolean> {
    try {
      const { state } = await this.context.engine.inspectContainer(this.id, { signal })
      return !state.running && state.startedAt?.getTime() === exit.startedAt?.getTime()
    } catch (error) {
      if (isContainersError(error) && ['ABORTED', 'CLOSED'].includes(error.code)) throw error
      return true
    }
  }

  #follow(armed?: ArmedWait): ExitWatch {
    const watch = new ExitWatch(endOf(this.context, this.id, armed))
    this.#watch = watch
    watch.result.then(
      (exit) => {
        if (this.#watch === watch) this.context.events.emit('containerExited', { containerId: this.id, exit })
      },
      () => {
        // The next to ask tries again.
        if (this.#watch === watch) this.#watch = undefined
      },
    )
    return watch
  }

  /** Removes it by force; what goes wrong is an event. */
  async removeQuietly(): Promise<void> {
    const { engine, events, closing } = this.context
    if (closing.aborted) return
    try {
      await engine.removeContainer(this.id, { force: true, volumes: true })
      events.emit('containerRemoved', { containerId: this.id })
    } catch (error) {
      if (isContainersError(error, 'CONTAINER_NOT_FOUND')) return
      events.emit('cleanupFailed', { containerId: this.id, error })
    }
  }
}

async function endOf(context: HarnessContext, id: string, armed?: ArmedWait): Promise<ContainerExit> {
  armed?.result.catch(() => {}) // it may be lost before anybody looks at it
  const { awaitExit } = await import('./await-exit.js')
  return awaitExit(context, id, armed)
}

function release(armed: ArmedWait): void {
  armed.result.catch(() => {})
  armed.cancel()
}
