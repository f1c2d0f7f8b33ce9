import { invalidOption } from '../errors/invalid-option.js'

/** What of a container's log is wanted. */
export interface LogOptions {
  /** Go on as the container writes, until it ends. Default: false. */
  follow?: boolean
  /** Only entries of this time and later. */
  since?: Date
  /** Only entries of this time and earlier. */
  until?: Date
  /** Only the last so many entries; a line longer than 16 KiB is several. Default: all. */
  tail?: number
  /** Give each entry its time. Default: false. */
  timestamps?: boolean
  /** Default: true. */
  stdout?: boolean
  /** Default: true. */
  stderr?: boolean
  /** Breaks the loop with `ABORTED`. */
  signal?: AbortSignal
}

/** Throws `INVALID_OPTION` for what no log could give. */
export function checkLogOptions(options: LogOptions): void {
  const { tail, stdout = true, stderr = true } = options
  if (tail !== undefined && (!Number.isInteger(tail) || tail < 0)) {
    throw invalidOption('tail', 'must be a whole number, 0 or more', tail)
  }
  for (const name of ['since', 'until'] as const) {
    const date = options[name]
    if (date !== undefined && !(date instanceof Date && !Number.isNaN(date.getTime()))) {
      throw invalidOption(name, 'must be a valid Date', date)
    }
  }
  if (!stdout && !stderr) throw invalidOption('stdout and stderr', 'must not both be false', false)
}

/** A date in the engine's form: seconds and nanoseconds. */
export function dateToSince(date: Date): string {
  const ms = date.getTime()
  return `${Math.floor(ms / 1000)}.${String(((ms % 1000) + 1000) % 1000).padStart(3, '0')}000000`
}
