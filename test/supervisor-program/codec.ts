/* The protocol once more, written from PROTOCOL.md alone and independent of src/, so that the program is not only
   tested against our own client. */

export const FrameType = {
  hello: 0x01,
  spawn: 0x02,
  data: 0x03,
  end: 0x04,
  window: 0x05,
  kill: 0x06,
  extend: 0x07,
  ping: 0x08,
  resize: 0x0b,
  secret: 0x10,
  attach: 0x0c,
  list: 0x0d,
  forget: 0x0e,
  lease: 0x0f,
  leave: 0x11,
  hostHello: 0x81,
  started: 0x82,
  failed: 0x83,
  output: 0x84,
  outputEnd: 0x85,
  stdinWindow: 0x86,
  stdinClosed: 0x87,
  exit: 0x88,
  killed: 0x89,
  pong: 0x8a,
  error: 0x8b,
  secretAnswer: 0x92,
  attached: 0x8f,
  listed: 0x90,
  forgotten: 0x91,
  skipped: 0x93,
  left: 0x94,
} as const

export interface Frame {
  type: number
  channel: number
  command: number
  payload: Buffer
}

export type Field = readonly [tag: number, bytes: Buffer]

export function encodeFrame(
  type: number,
  command: number,
  payload: Buffer = Buffer.alloc(0),
  channel = 0,
): Buffer {
  const header = Buffer.alloc(12)
  header[0] = type
  header[1] = channel
  header.writeUInt32LE(command, 4)
  header.writeUInt32LE(payload.length, 8)
  return Buffer.concat([header, payload])
}

export function encodeRecord(fields: readonly Field[]): Buffer {
  const pieces: Buffer[] = []
  for (const [tag, bytes] of fields) {
    const header = Buffer.alloc(6)
    header.writeUInt16LE(tag, 0)
    header.writeUInt32LE(bytes.length, 2)
    pieces.push(header, bytes)
  }
  return Buffer.concat(pieces)
}

export function decodeRecord(payload: Buffer): Field[] {
  const fields: Field[] = []
  for (let at = 0; at < payload.length;) {
    const length = payload.readUInt32LE(at + 2)
    fields.push([payload.readUInt16LE(at), payload.subarray(at + 6, at + 6 + length)])
    at += 6 + length
  }
  return fields
}

export const u8 = (value: number): Buffer => Buffer.from([value])

export function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return bytes
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

export function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

export function numberOf(fields: readonly Field[], tag: number): number | undefined {
  const field = fields.find(([found]) => found === tag)
  return field && Number(Buffer.from([...field[1]].reverse()).reduce((sum, byte) => sum * 256 + byte, 0))
}

/** Frames out of bytes that come in pieces. */
export class FrameReader {
  #pieces: Buffer[] = []
  #length = 0

  push(bytes: Buffer): Frame[] {
    this.#pieces.push(bytes)
    this.#length += bytes.length
    const frames: Frame[] = []
    for (let frame = this.#next(); frame; frame = this.#next()) frames.push(frame)
    return frames
  }

  get torn(): boolean {
    return this.#length > 0
  }

  #next(): Frame | undefined {
    if (this.#length < 12) return undefined
    if (this.#pieces.length > 1 && (this.#pieces[0]?.length ?? 0) < 12) this.#join()
    const needed = 12 + (this.#pieces[0] as Buffer).readUInt32LE(8)
    if (this.#length < needed) return undefined
    this.#join()
    const bytes = this.#pieces[0] as Buffer
    this.#pieces = [bytes.subarray(needed)]
    this.#length -= needed
    return {
      type: bytes[0] as number,
      channel: bytes[1] as number,
      command: bytes.readUInt32LE(4),
      payload: bytes.subarray(12, needed),
    }
  }

  #join(): void {
    if (this.#pieces.length > 1) this.#pieces = [Buffer.concat(this.#pieces)]
  }
}
