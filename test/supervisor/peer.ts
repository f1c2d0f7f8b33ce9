import type { Transport, TransportSink } from '../../src/supervisor/transport.js'

/** A frame as the test sees it, in either direction. Written apart from the library's codec on purpose. */
export interface Frame {
  type: number
  channel: number
  command: number
  payload: Buffer
}

export function frame(
  type: number,
  channel: number,
  command: number,
  payload: Uint8Array = Buffer.alloc(0),
): Buffer {
  const header = Buffer.alloc(12)
  header.writeUInt8(type, 0)
  header.writeUInt8(channel, 1)
  header.writeUInt32LE(command, 4)
  header.writeUInt32LE(payload.length, 8)
  return Buffer.concat([header, payload])
}

export function record(...fields: [tag: number, value: Uint8Array | string][]): Buffer {
  return Buffer.concat(
    fields.flatMap(([tag, value]) => {
      const bytes = Buffer.from(value as Uint8Array)
      const head = Buffer.alloc(6)
      head.writeUInt16LE(tag, 0)
      head.writeUInt32LE(bytes.length, 2)
      return [head, bytes]
    }),
  )
}

export function u8(value: number): Buffer {
  return Buffer.from([value])
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

export function u64(...values: number[]): Buffer {
  return Buffer.concat(
    values.map((value) => {
      const bytes = Buffer.alloc(8)
      bytes.writeBigUInt64LE(BigInt(value))
      return bytes
    }),
  )
}

export function hello(highest = 2, lowest = 1): Buffer {
  return frame(
    0x81,
    0,
    0,
    record([1, u32(highest)], [2, u32(lowest)], [3, 'test'], [4, u32(7)], [5, u32(0)], [6, u8(3)]),
  )
}

/** All whole frames in `bytes`. */
function frames(bytes: Buffer): Frame[] {
  const found: Frame[] = []
  for (let at = 0; at < bytes.length;) {
    const length = bytes.readUInt32LE(at + 8)
    found.push({
      type: bytes.readUInt8(at),
      channel: bytes.readUInt8(at + 1),
      command: bytes.readUInt32LE(at + 4),
      payload: bytes.subarray(at + 12, at + 12 + length),
    })
    at += 12 + length
  }
  return found
}

/** The fields of a record, by tag. */
export function fields(payload: Buffer): Map<number, Buffer[]> {
  const found = new Map<number, Buffer[]>()
  for (let at = 0; at < payload.length;) {
    const tag = payload.readUInt16LE(at)
    const length = payload.readUInt32LE(at + 2)
    found.set(tag, [...(found.get(tag) ?? []), payload.subarray(at + 6, at + 6 + length)])
    at += 6 + length
  }
  return found
}

/** The supervisor's end of a connection, in the test's hands. */
export class Peer implements Transport {
  /** One entry for each write that the library made. */
  readonly writes: Buffer[] = []
  ended = false
  destroyed = false
  held: boolean | undefined
  private sink: TransportSink | undefined

  open(sink: TransportSink): void {
    this.sink = sink
  }
  write(pieces: readonly Uint8Array[]): void {
    this.writes.push(Buffer.concat(pieces))
  }
  end(): void {
    this.ended = true
  }
  destroy(): void {
    this.destroyed = true
  }
  hold(keepAlive: boolean): void {
    this.held = keepAlive
  }

  say(...bytes: Uint8Array[]): void {
    this.sink?.data(Buffer.concat(bytes))
  }
  hangUp(error?: Error): void {
    this.sink?.end(error)
  }
  /** Everything heard so far. */
  get heard(): Frame[] {
    return frames(Buffer.concat(this.writes))
  }
}
