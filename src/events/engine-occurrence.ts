/** What happened to a container, image, network or volume, told by the engine or found out by looking. */
export interface EngineOccurrence {
  readonly kind: 'event'
  /** `container`, `image`, `network`, `volume`. */
  readonly type: string
  /** `create`, `start`, `die`, `destroy`, `pull`, …; the engine's own word. */
  readonly action: string
  /** Full id of the container, or the id or name of what it is about. */
  readonly id: string
  readonly name?: string
  /** With `die`: as the engine reports it. */
  readonly exitCode?: number
  /** With `kill`: the signal's number. */
  readonly signalNumber?: number
  readonly attributes: Readonly<Record<string, string>>
  readonly at: Date
  /** `'engine'`: an event of its stream. `'resync'`: not seen happening, but its result was found by looking. */
  readonly source: 'engine' | 'resync'
}

/** Events are missing here, or may be: between the two times the stream does not tell everything. */
export interface EventGap {
  readonly kind: 'gap'
  /** `'disconnected'`: the engine was away and its replay did not reach back. `'overflow'`: nobody read in time. */
  readonly cause: 'disconnected' | 'overflow'
  readonly from: Date
  readonly to: Date
  /** How many were dropped, where that is known. */
  readonly dropped?: number
}

/** One item of `harness.events()`. */
export type HarnessEvent = EngineOccurrence | EventGap
