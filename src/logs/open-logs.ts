import type { ContainerEngine } from '../engine/container-engine.js'
import type { LogChunk, LogGap, LogLine, StampedEntry } from './log-entry.js'
import { checkLogOptions, type LogOptions } from './log-options.js'

/**
 * A container's log. Each loop over it reads it anew; leaving a loop ends its reading.
 *
 * Nothing is reordered within a stream, however slow the loop is: the engine is never kept waiting, and a connection
 * that is lost is taken up where it was. What the engine itself lost is reported as a {@link LogGap}.
 */
export interface ContainerLogs extends AsyncIterable<LogChunk | LogGap> {
  /** Line by line, as text. */
  lines(): AsyncIterable<LogLine | LogGap>
}

/**
 * Opens the log of a container. Throws `INVALID_OPTION`; the loop throws `CONTAINER_NOT_FOUND`, `NOT_SUPPORTED` (a
 * container without a log), `ENGINE_UNREACHABLE` (for half a minute, when reading had begun), `ABORTED`.
 *
 * @example
 * ```ts
 * for await (const { stream, text } of openLogs(engine, 'web', { follow: true }).lines()) console.log(stream, text)
 * ```
 */
export function openLogs(
  engine: ContainerEngine,
  containerId: string,
  options: LogOptions = {},
): ContainerLogs {
  checkLogOptions(options)
  const read = async function* (): AsyncGenerator<StampedEntry | LogGap> {
    const { LogRead } = await import('./read-log.js')
    yield* new LogRead(engine, containerId, options).entries()
  }
  const timestamps = options.timestamps ?? false
  const lines = async function* (): AsyncGenerator<LogLine | LogGap, void, undefined> {
    const { joinLines } = await import('./join-lines.js')
    yield* joinLines(read(), timestamps)
  }
  return {
    [Symbol.asyncIterator]: () => chunks(read(), timestamps),
    lines: () => ({ [Symbol.asyncIterator]: lines }),
  }
}

async function* chunks(
  entries: AsyncIterable<StampedEntry | LogGap>,
  timestamps: boolean,
): AsyncGenerator<LogChunk | LogGap, void, undefined> {
  for await (const entry of entries) {
    if (entry.stream === 'gap') yield entry
    else
      yield {
        stream: entry.stream,
        bytes: entry.bytes,
        ...(timestamps && { time: new Date(entry.stamp) }),
      }
  }
}
