import type { SignalName } from './signal.js'

/** Who said so: the engine's wait, an inspect afterwards, or the engine's `die` event. */
export type ContainerExitSource = 'wait' | 'inspect' | 'event'

/** What this harness can ask of a container that makes it end. */
export type ContainerStopRequest = 'stop' | 'kill' | 'remove'

/** What every {@link ContainerExit} says, whatever the reason. */
export interface ContainerExitFacts {
  /** The engine's own error text, when it has one. */
  readonly errorText?: string
  /** The engine's out-of-memory flag, or its event; `'unknown'` where neither could be read. Can be wrong both ways. */
  readonly oomKilled: boolean | 'unknown'
  /** By the engine's clock, as the next one; noted in two places, so that a run of milliseconds can seem negative. */
  readonly startedAt?: Date
  readonly finishedAt?: Date
  readonly source: ContainerExitSource
  /** What this harness had asked for before the end. It need not be the reason of the end. */
  readonly requested?: ContainerStopRequest
  /** `reason` is `'exited'` and `code` is 0. */
  readonly succeeded: boolean
  /** `signal` is present. */
  readonly wasSignaled: boolean
}

/** The main process ended by itself; `code` is its own, or 128 + n where a signal from elsewhere ended it. */
export interface ContainerExited extends ContainerExitFacts {
  readonly reason: 'exited'
  readonly code: number
  readonly signal?: never
  /** A code above 128 that fits this signal, which may be an ordinary `exit 137` too. */
  readonly possibleSignal?: SignalName
}

/** A signal ended it: its code fits one that this harness sent. */
export interface ContainerSignaled extends ContainerExitFacts {
  readonly reason: 'signaled'
  /** 128 + n, as the engine reports it. */
  readonly code: number
  readonly signal: SignalName
  readonly possibleSignal?: never
}

/** The kernel ended it for memory, as far as the engine's flag can be believed. */
export interface ContainerOutOfMemory extends ContainerExitFacts {
  readonly reason: 'oom'
  readonly code: number
  readonly signal: 'SIGKILL'
  readonly possibleSignal?: never
}

/**
 * It ended in a way that leaves no exit of its own.
 *
 * - `startFailed`: the main process never ran; `errorText` has the engine's reason.
 * - `removed`: the container was removed while it ran; `code` is there if the engine said one before.
 * - `unknown`: the engine knows that it ended and not how, as after a crash of its own.
 */
export interface ContainerEnded extends ContainerExitFacts {
  readonly reason: 'startFailed' | 'removed' | 'unknown'
  /** What the engine put there, which proves nothing; absent when it said nothing. Never an invented 0. */
  readonly code?: number
  readonly signal?: never
  readonly possibleSignal?: SignalName
}

/**
 * How a container's main process ended: plain data, told apart by `reason`. What was observed (`code`, `oomKilled`,
 * times) is kept apart from what this harness did to it (`requested`), because a code of 137 alone proves nothing.
 */
export type ContainerExit = ContainerExited | ContainerSignaled | ContainerOutOfMemory | ContainerEnded

/** Why a container's main process ended, as far as can be known. */
export type ContainerExitReason = ContainerExit['reason']

/** Whether the container ended by itself with code 0. An unknown code is never a success. */
export function succeeded(exit: Pick<ContainerExit, 'reason' | 'code'>): boolean {
  return exit.reason === 'exited' && exit.code === 0
}

/** Whether the evidence says that a signal ended the container. */
export function wasSignaled(exit: Pick<ContainerExit, 'signal'>): boolean {
  return exit.signal !== undefined
}
