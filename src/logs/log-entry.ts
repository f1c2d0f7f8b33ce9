/** Where a container wrote something; with a terminal, everything is `stdout`. */
export type LogStream = 'stdout' | 'stderr'

/** One entry of the log: at most 16 KiB of what the container wrote, as the engine keeps it. */
export interface LogChunk {
  readonly stream: LogStream
  /** With the line end, where the entry has one. */
  readonly bytes: Uint8Array
  /** When the engine took it; with `timestamps`. */
  readonly time?: Date
}

/** One line of the log, its pieces joined. */
export interface LogLine {
  readonly stream: LogStream
  /** Without its line end. */
  readonly text: string
  /** When the engine took its beginning; with `timestamps`. */
  readonly time?: Date
  /** The line is longer than 1 MiB and goes on in the next one. */
  readonly partial?: true
}

/**
 * Entries that the engine no longer has, or that it left out while it followed, as it does when the log is rotated
 * faster than it reads. Reported as soon as it is known, which may be after later entries.
 */
export interface LogGap {
  readonly stream: 'gap'
  /** For people: that and where something is missing. */
  readonly text: string
  /** Empty. */
  readonly bytes: Uint8Array
  /** The last entry known before the gap. */
  readonly time?: Date
  /** The first entry known after it. */
  readonly until?: Date
  /** How many entries are missing, where that can be told; else some may be. */
  readonly entries?: number
}

/** An entry as read: with the engine's timestamp as text, which sorts as time does and is exact. */
export interface StampedEntry {
  readonly stream: LogStream
  readonly bytes: Uint8Array
  /** Of 30 characters, such as `2026-01-02T03:04:05.123456789Z`. */
  readonly stamp: string
}

export function stampToDate(stamp: string): Date {
  return new Date(stamp)
}

/** The engine's form for `since`: seconds and nanoseconds, less so many whole seconds. */
export function stampToSince(stamp: string, lessSeconds = 0): string {
  const seconds = Date.parse(`${stamp.slice(0, 19)}Z`) / 1000 - lessSeconds
  return `${seconds}.${stamp.slice(20, 29)}`
}

export function logGap(from: string, to: string | undefined, entries?: number): LogGap {
  const what = entries === undefined ? 'Log entries may be missing' : `${entries} log entries are missing`
  const text = to === undefined ? `${what} after ${from}.` : `${what} between ${from} and ${to}.`
  return {
    stream: 'gap',
    text,
    bytes: new Uint8Array(0),
    time: stampToDate(from),
    ...(to !== undefined && { until: stampToDate(to) }),
    ...(entries !== undefined && { entries }),
  }
}
