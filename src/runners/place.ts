import type { LaunchPlace } from '../command/launch.js'
import type { ContainersError } from '../errors/containers-error.js'
import type { Transport } from '../supervisor/transport.js'

/** What a command gets where its caller says nothing. */
export interface PlaceDefaults extends LaunchPlace {
  /** For commands whose environment has no PATH. */
  readonly path: string | undefined
  readonly user: string | undefined
}

/** A stream to a supervisor, and what its place offers. */
export interface OpenedPlace {
  readonly transport: Transport
  /** The stream is quick to open and no more: another one must be opened, and gone on over, as soon as it can be. */
  readonly isShortcut?: boolean
  readonly defaults: PlaceDefaults
  /** Whether there is a good reason for the supervisor's silence: its place is paused. */
  mayBeSilent(): Promise<boolean>
  /** What the way to the supervisor says of why it does not lead there; empty: nothing. */
  complaint(): string
  /** Why a stream that was open has ended, for the exits of its commands. */
  explainLoss(lost: ContainersError): Promise<Loss>
  /** The error for a stream on which no supervisor answered. */
  explainRefusal(lost: ContainersError): Promise<ContainersError>
}

/** What became of a place when its stream ended. */
export interface Loss {
  readonly reason: 'engineLost' | 'containerDied' | 'unknown'
  readonly explanation: string
}

/**
 * How a runner gets to the supervisor of its place; called again when a stream was lost. `mayShortcut`: by a shortcut,
 * where there is one.
 */
export type StreamOpener = (signal: AbortSignal, mayShortcut?: boolean) => Promise<OpenedPlace>
