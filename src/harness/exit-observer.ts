import type { ArmedWait, ContainerEngine } from '../engine/container-engine.js'
import type { ContainerInspection } from '../engine/engine-types.js'
import { ContainersError, isContainersError } from '../errors/containers-error.js'
import type { ExitObservation } from '../model/classify-exit.js'
import { findDieEvent } from './past-events.js'

/** What an observer needs beside the container. */
export interface ExitObserverOptions {
  readonly engine: ContainerEngine
  /** Ends the wait. */
  readonly signal: AbortSignal
  /** How long a lost engine is waited for, from each loss. */
  readonly reconnectMs: number
}

type Found = { readonly armed: ArmedWait } | { readonly observation: ExitObservation }

/**
 * Watches one run of a container to its end: the engine's wait first; when that is lost, inspect, and then the
 * `die` event. Only when none of them can tell is it an error.
 */
export class ExitObserver {
  /** Start of the run that is watched, by the engine's clock, once it is known. */
  #startedAt: Date | undefined
  /** Everything that inspect says the container is called. */
  readonly names: string[]
  #lost = false
  /** Whether there was a run to wait for from the beginning. */
  #hasRun = true

  constructor(
    private readonly id: string,
    private readonly options: ExitObserverOptions,
  ) {
    this.names = [id]
  }

  /** `armed` is a wait that the engine accepted before the start; without one, the state of now decides. */
  async observe(armed?: ArmedWait): Promise<ExitObservation> {
    let found: Found = armed ? { armed } : await this.#look()
    for (;;) {
      if ('observation' in found) return found.observation
      const wait = found.armed
      const cancel = (): void => wait.cancel()
      this.options.signal.addEventListener('abort', cancel, { once: true })
      try {
        if (this.options.signal.aborted) cancel()
        return await this.#afterWait(await wait.result)
      } catch (error) {
        if (this.options.signal.aborted) throw error
        found = await this.#recover(error)
      } finally {
        this.options.signal.removeEventListener('abort', cancel)
      }
    }
  }

  async #inspect(): Promise<ContainerInspection> {
    const found = await this.options.engine.inspectContainer(this.id, { signal: this.options.signal })
    for (const name of [found.id, found.name, found.id.slice(0, 12)]) {
      if (!this.names.includes(name)) this.names.push(name)
    }
    return found
  }

  async #arm(condition: 'not-running' | 'next-exit'): Promise<ArmedWait> {
    return this.options.engine.waitContainer(this.id, condition, { signal: this.options.signal })
  }

  /** The state of now: an end that can be read, or a wait for one. */
  async #look(): Promise<Found> {
    const found = await this.#inspect()
    if (hasEnded(found)) return { observation: this.#fromInspection(found) }
    this.#startedAt = found.state.startedAt
    try {
      return this.#startedAt ? { armed: await this.#arm('not-running') } : await this.#lookForFirstRun()
    } catch (error) {
      // It was there a moment ago, so this is a loss like any other.
      return this.#recover(error)
    }
  }

  /** Of a container that never ran, 'not-running' would be told at once, with a 0 that nobody exited with. */
  async #lookForFirstRun(): Promise<Found> {
    this.#hasRun = false
    const armed = await this.#arm('next-exit')
    const found = await this.#inspect()
    if (!hasEnded(found)) return { armed }
    armed.cancel()
    return { observation: this.#fromInspection(found) }
  }

  async #afterWait(result: { statusCode: number; errorText?: string }): Promise<ExitObservation> {
    const { statusCode: code, errorText } = result
    const known = {
      code,
      errorText,
      source: 'wait',
      engineWasLost: this.#lost,
      oomKilled: 'unknown',
    } as const
    let found: ContainerInspection
    try {
      found = await this.#inspect()
    } catch (error) {
      const gone = isContainersError(error, 'CONTAINER_NOT_FOUND')
      // The removal of one that never ran is told as an exit with 0, too: only an event can tell the two apart.
      if (gone && !this.#hasRun) return this.#fromEvent(true)
      // The wait has told the code; what inspect would have added stays unknown.
      return { ...known, gone }
    }
    const { state } = found
    if (state.running && !state.restarting) return known
    if (!state.startedAt && !state.error) return { source: 'inspect', gone: true, oomKilled: 'unknown' }
    const { oomKilled, ...rest } = this.#fromInspection(found)
    return { ...rest, ...known, oomKilled, errorText: errorText ?? state.error }
  }

  #fromInspection({ state }: ContainerInspection): ExitObservation {
    return {
      source: 'inspect',
      code: state.exitCode,
      errorText: state.error,
      oomKilled: state.oomKilled,
      neverRan: state.startedAt === undefined,
      gone: state.status === 'removing',
      engineWasLost: this.#lost,
      startedAt: state.startedAt,
      finishedAt: state.finishedAt,
    }
  }

  /** The wait was lost: waits for the engine, then reads what can be read, or arms a new wait. */
  async #recover(cause: unknown): Promise<Found> {
    this.#lost = true
    const { default: pRetry } = await import('p-retry') // ESM only, which require() does not take everywhere
    try {
      return await pRetry(() => this.#lookAgain(), {
        retries: Infinity,
        minTimeout: 100,
        maxTimeout: 2_000,
        maxRetryTime: this.options.reconnectMs,
        signal: this.options.signal,
        shouldRetry: ({ error }) => isContainersError(error) && error.retryable,
      })
    } catch (error) {
      if (this.options.signal.aborted || isContainersError(error, 'EXIT_UNKNOWN')) throw error
      throw this.#unknown(
        `the engine did not come back within ${this.options.reconnectMs} ms`,
        error ?? cause,
      )
    }
  }

  async #lookAgain(): Promise<Found> {
    let found: ContainerInspection
    try {
      found = await this.#inspect()
    } catch (error) {
      if (!isContainersError(error, 'CONTAINER_NOT_FOUND')) throw error
      return { observation: await this.#fromEvent(true) }
    }
    const { startedAt } = found.state
    const sameRun = !this.#startedAt || this.#startedAt.getTime() === startedAt?.getTime()
    if (!sameRun) return { observation: await this.#fromEvent(false) }
    if (hasEnded(found)) return { observation: this.#fromInspection(found) }
    this.#startedAt = startedAt
    return startedAt ? { armed: await this.#arm('not-running') } : this.#lookForFirstRun()
  }

  async #fromEvent(gone: boolean): Promise<ExitObservation> {
    const died = await findDieEvent({ ...this.options, id: this.id, startedAt: this.#startedAt })
    const rest = {
      gone,
      engineWasLost: this.#lost,
      startedAt: this.#startedAt,
      oomKilled: 'unknown',
    } as const
    if (died) return { ...rest, source: 'event', code: died.code, finishedAt: died.at }
    if (gone) return { ...rest, source: 'inspect' }
    throw this.#unknown('it has been started again since, and the engine no longer has its die event')
  }

  #unknown(why: string, cause?: unknown): ContainersError {
    const message = `How container ${this.id} ended is not known: the connection was lost while waiting, and ${why}.`
    return new ContainersError('EXIT_UNKNOWN', message, { cause, details: { container: this.id } })
  }
}

/** Whether its last run is over, or never came to be. A restart policy's pause between two runs is not an end. */
function hasEnded({ state }: ContainerInspection): boolean {
  if (state.running || state.restarting) return false
  return state.startedAt !== undefined || state.error !== ''
}
