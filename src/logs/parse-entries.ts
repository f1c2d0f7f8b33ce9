import type { ContainersError } from '../errors/containers-error.js'
import { createDemuxer } from '../streaming/demux.js'
import type { LogStream, StampedEntry } from './log-entry.js'

const STAMP_LENGTH = 30
/** The engine cuts what is longer, without a line end, into pieces of exactly this size. */
export const PIECE_BYTES = 16 * 1024
const LF = 10
const stampShape = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d) $/
const EMPTY = Buffer.alloc(0)

/** Takes a log that was asked for with timestamps apart as it arrives. */
export interface EntryParser {
  push(chunk: Buffer): void
  end(): void
}

/** For containers without a terminal: each entry is a frame. */
export function framedEntries(
  onEntry: (entry: StampedEntry) => void,
  onSystemError: (error: ContainersError) => void,
): EntryParser {
  let stream: LogStream = 'stdout'
  let parts: Uint8Array[] = []
  const take = (from: LogStream, bytes: Uint8Array): void => {
    stream = from
    parts.push(bytes)
  }
  return createDemuxer({
    onStdout: (bytes) => take('stdout', bytes),
    onStderr: (bytes) => take('stderr', bytes),
    onSystemError,
    onFrameEnd: () => {
      const frame = Buffer.concat(parts) // a copy: entries wait for readers and must not pin what they came in
      parts = []
      const size = stampSize(frame, 0)
      onEntry({ stream, stamp: readStamp(frame, 0, size), bytes: frame.subarray(size) })
    },
  })
}

/**
 * For containers with a terminal, whose log has no frames: an entry begins with its timestamp and ends with a line
 * end, or after a piece's size where another timestamp follows.
 */
export function rawEntries(onEntry: (entry: StampedEntry) => void): EntryParser {
  let rest: Buffer = EMPTY
  const entryEnd = (start: number, atEnd: boolean): number => {
    const lineEnd = rest.indexOf(LF, start)
    const end = lineEnd < 0 ? rest.length : lineEnd + 1
    if (end - start > PIECE_BYTES) {
      const known = rest.length >= start + PIECE_BYTES + STAMP_LENGTH + 6 || atEnd
      if (!known) return -1
      if (stampSize(rest, start + PIECE_BYTES) > 0) return start + PIECE_BYTES
    }
    return lineEnd < 0 && !atEnd ? -1 : end
  }
  const take = (atEnd: boolean): void => {
    let at = 0
    while (at < rest.length) {
      const size = stampSize(rest, at)
      const end = entryEnd(at + size, atEnd)
      if (end < 0) break
      const bytes = Buffer.from(rest.subarray(at + size, end))
      onEntry({ stream: 'stdout', stamp: readStamp(rest, at, size), bytes })
      at = end
    }
    rest = rest.subarray(at)
  }
  return {
    push(chunk) {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      take(false)
    },
    end: () => take(true),
  }
}

/** The size of a timestamp with its space; 0 where there is none. */
function stampSize(bytes: Buffer, at: number): number {
  const space = bytes.indexOf(' ', at)
  if (space < 0 || space - at > STAMP_LENGTH + 5) return 0
  return stampShape.test(bytes.toString('latin1', at, space + 1)) ? space + 1 - at : 0
}

function readStamp(bytes: Buffer, at: number, size: number): string {
  if (size === 0) return ''
  const text = bytes.toString('latin1', at, at + size - 1)
  if (text.length === STAMP_LENGTH && text.endsWith('Z')) return text
  // Other engines leave zeros out, or give an offset; only one form sorts.
  const [, seconds = '', fraction = '', zone = 'Z'] = stampShape.exec(`${text} `) ?? []
  const utc = new Date(`${seconds}${zone}`).toISOString().slice(0, 19)
  return `${utc}.${fraction.padEnd(9, '0')}Z`
}
