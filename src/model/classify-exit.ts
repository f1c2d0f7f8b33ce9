import type { ContainerExit, ContainerExitSource, ContainerStopRequest } from './container-exit.js'
import { signalName, type SignalName, signalNumbers } from './signal.js'

/** What the engine said about an end, gathered from wherever it could be had. */
export interface ExitObservation {
  readonly source: ContainerExitSource
  /** Absent when nobody knows it. */
  readonly code?: number | undefined
  readonly errorText?: string | undefined
  readonly oomKilled: boolean | 'unknown'
  /** The main process never ran. */
  readonly neverRan?: boolean
  /** The container is gone, or going. */
  readonly gone?: boolean
  /** The engine was away in between: a code that it also uses for "I do not know" then proves nothing. */
  readonly engineWasLost?: boolean
  readonly startedAt?: Date | undefined
  readonly finishedAt?: Date | undefined
}

/** What we did to the container before its end. */
export interface StopEvidence {
  readonly requested?: ContainerStopRequest | undefined
  /** Every signal that we had reason to send until then. */
  readonly sentSignals: readonly SignalName[]
}

/** What engines report for a main process that SIGKILL ended, or that said `exit 137`. */
export const SIGKILL_CODE = 128 + signalNumbers.SIGKILL
/** The engine's code for a container that ended while it was not looking; an ordinary `exit 255` looks the same. */
const NOBODY_SAW = 255

/** The verdict over one end: engine facts and our own deeds in, plain data out. */
export function classifyExit(seen: ExitObservation, ours: StopEvidence): ContainerExit {
  const { code } = seen
  const facts = {
    ...(seen.errorText && { errorText: seen.errorText }),
    oomKilled: seen.oomKilled,
    ...(seen.startedAt && { startedAt: seen.startedAt }),
    ...(seen.finishedAt && { finishedAt: seen.finishedAt }),
    source: seen.source,
    ...(ours.requested && { requested: ours.requested }),
    succeeded: false,
    wasSignaled: false,
  }
  const observed = code !== undefined && { code }
  if (seen.neverRan) return { ...facts, reason: 'startFailed', ...observed }
  if (code === undefined) return { ...facts, reason: seen.gone ? 'removed' : 'unknown' }
  if (code === NOBODY_SAW && seen.engineWasLost) return { ...facts, reason: 'unknown', code }

  const signal = signalOf(code)
  const removed = seen.gone ? ours.requested !== 'kill' : ours.requested === 'remove'
  if (removed && code === SIGKILL_CODE) {
    return { ...facts, reason: 'removed', code, possibleSignal: 'SIGKILL' }
  }
  if (signal && ours.sentSignals.includes(signal)) {
    return { ...facts, reason: 'signaled', code, signal, wasSignaled: true }
  }
  if (seen.oomKilled === true && code === SIGKILL_CODE) {
    return { ...facts, reason: 'oom', code, signal: 'SIGKILL', wasSignaled: true }
  }
  return {
    ...facts,
    reason: 'exited',
    code,
    ...(signal && { possibleSignal: signal }),
    succeeded: code === 0,
  }
}

/** The signal that a code above 128 fits, real-time ones left out. */
function signalOf(code: number): SignalName | undefined {
  if (code <= 128) return undefined
  const name = signalName(code - 128)
  return name in signalNumbers ? (name as SignalName) : undefined
}
