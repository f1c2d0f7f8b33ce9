import { LineSplitter, type Line } from '../streaming/line-splitter.js'
import { stampToDate, type LogGap, type LogLine, type LogStream, type StampedEntry } from './log-entry.js'
import { PIECE_BYTES } from './parse-entries.js'

const LINE_END = Buffer.from('\n')

/** A stream's lines in the making. */
interface Joining {
  readonly splitter: LineSplitter
  /** The timestamp of the line's first piece, while more are to come. */
  begun?: string | undefined
}

/** Joins the pieces of each line. An entry without a line end goes on only when it has a piece's full size. */
export async function* joinLines(
  entries: AsyncIterable<StampedEntry | LogGap>,
  timestamps: boolean,
): AsyncGenerator<LogLine | LogGap, void, undefined> {
  const streams: Record<LogStream, Joining> = {
    stdout: { splitter: new LineSplitter() },
    stderr: { splitter: new LineSplitter() },
  }
  function* give(stream: LogStream, bytes: Uint8Array, stamp: string): Generator<LogLine> {
    const { splitter } = streams[stream]
    splitter.push(bytes)
    for (let line = splitter.next(); line !== undefined; line = splitter.next()) {
      yield toLine(stream, line, timestamps ? stamp : '')
    }
  }
  function* finish(): Generator<LogLine> {
    for (const stream of ['stdout', 'stderr'] as const) {
      const { begun } = streams[stream]
      if (begun !== undefined) yield* give(stream, LINE_END, begun)
      streams[stream].begun = undefined
    }
  }
  for await (const entry of entries) {
    if (entry.stream === 'gap') {
      yield* finish()
      yield entry
      continue
    }
    const { stream, bytes, stamp } = entry
    const joining = streams[stream]
    const first = joining.begun ?? stamp
    yield* give(stream, bytes, first)
    const ends = bytes.at(-1) === LINE_END[0]
    joining.begun = ends ? undefined : first
    if (ends || bytes.length === PIECE_BYTES) continue
    yield* give(stream, LINE_END, first)
    joining.begun = undefined
  }
  yield* finish()
}

function toLine(stream: LogStream, { text, partial }: Line, stamp: string): LogLine {
  return { stream, text, ...(stamp !== '' && { time: stampToDate(stamp) }), ...(partial && { partial }) }
}
