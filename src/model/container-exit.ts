import type { SignalName } from './signal.js'

/**
 * Why a container's main process ended, as far as can be known. `unknown` means that the engine knows that it
 * ended but nobody knows how.
 */
export type ContainerExitReason = 'exited' | 'signaled' | 'oom' | 'startFailed' | 'removed' | 'unknown'

/** Who said so: the engine's wait, an inspect afterwards, or the engine's `die` event. */
export type ContainerExitSource = 'wait' | 'inspect' | 'event'

/**
 * How a container ended: plain data. What was observed (`code`, `oomKilled`, times) is kept apart from what this
 * harness did to it (`requested`), because a code of 137 alone proves nothing.
 */
export interface ContainerExit {
  readonly reason: ContainerExitReason
  /** The main process's exit code as the engine reports it, 128 + n for a signal; absent when unknown. */
  readonly code?: number
  /** Present when the evidence says that a signal ended it: we sent one that fits, or the kernel did (OOM). */
  readonly signal?: SignalName
  /** A code above 128 that fits this signal, which may also be an ordinary `exit 137`. */
  readonly possibleSignal?: SignalName
  /** The engine's own error text, when it has one. */
  readonly errorText?: string
  /** The engine's out-of-memory flag; `'unknown'` where it could not be read. It can be wrong both ways. */
  readonly oomKilled: boolean | 'unknown'
  readonly startedAt?: Date
  readonly finishedAt?: Date
  readonly source: ContainerExitSource
  /** What this harness had asked for before the end: a stop, a kill, or a forced removal. */
  readonly requested?: 'stop' | 'kill' | 'remove'
  /** `reason` is `'exited'` and `code` is 0. */
  readonly succeeded: boolean
  /** `signal` is present. */
  readonly wasSignaled: boolean
}

/** Whether the container ended by itself with code 0. An unknown code is never a success. */
export function succeeded(exit: Pick<ContainerExit, 'reason' | 'code'>): boolean {
  return exit.reason === 'exited' && exit.code === 0
}

/** Whether the evidence says that a signal ended the container. */
export function wasSignaled(exit: Pick<ContainerExit, 'signal'>): boolean {
  return exit.signal !== undefined
}
