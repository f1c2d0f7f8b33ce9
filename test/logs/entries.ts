import type { LogStream, StampedEntry } from '../../src/logs/log-entry.js'

/** The `n`th nanosecond of a moment. */
export const stamp = (n: number): string => `2026-01-02T03:04:05.${String(n).padStart(9, '0')}Z`

export function entry(n: number, text = `${n}\n`, stream: LogStream = 'stdout'): StampedEntry {
  return { stream, stamp: stamp(n), bytes: Buffer.from(text) }
}

/** An entry as the engine sends it. */
export function frame({ stream, stamp: at, bytes }: StampedEntry): Buffer {
  const header = Buffer.alloc(8)
  header[0] = stream === 'stdout' ? 1 : 2
  header.writeUInt32BE(at.length + 1 + bytes.length, 4)
  return Buffer.concat([header, Buffer.from(`${at} `), bytes])
}
