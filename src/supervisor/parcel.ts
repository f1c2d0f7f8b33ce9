import type * as Zlib from 'node:zlib'
import { lazyBuiltin } from '../internal/builtins.js'

const zlib = lazyBuiltin<typeof Zlib>('node:zlib')

const magic = Buffer.from([0xf5, 0x61, 0x6e, 0x79])
const headerBytes = 24
const checksumAt = 20

/** So that a pipe takes a parcel whole or not at all (PIPE_BUF). */
export const maxParcelPayload = 4096 - headerBytes

export const parcelKind = { open: 1, data: 2, alive: 3, close: 4 } as const

/** A piece of a stream that shares its way with others, and with whatever else is written there; see PROTOCOL.md. */
export interface Parcel {
  readonly kind: number
  /** Which stream; 8 bytes. */
  readonly stream: Buffer
  /** Where in the stream its payload is, modulo 2^32. */
  readonly offset: number
  readonly payload: Uint8Array
}

export function encodeParcel({ kind, stream, offset, payload }: Parcel): Buffer {
  const bytes = Buffer.alloc(headerBytes + payload.length)
  magic.copy(bytes)
  bytes[4] = kind
  bytes.writeUInt16LE(payload.length, 6)
  bytes.writeUInt32LE(offset, 8)
  stream.copy(bytes, 12)
  bytes.set(payload, headerBytes)
  bytes.writeUInt32LE(checksumOf(bytes), checksumAt)
  return bytes
}

function checksumOf(parcel: Buffer): number {
  const { crc32 } = zlib()
  return crc32(parcel.subarray(headerBytes), crc32(parcel.subarray(0, checksumAt)))
}

/** Finds parcels among bytes that may begin, end and be broken anywhere. */
export class ParcelReader {
  private bytes: Buffer = Buffer.alloc(0)

  constructor(private readonly onParcel: (parcel: Parcel) => void) {}

  push(chunk: Buffer): void {
    this.bytes = this.bytes.length === 0 ? chunk : Buffer.concat([this.bytes, chunk])
    for (;;) {
      const at = this.bytes.indexOf(magic)
      if (at < 0) return this.skip(Math.max(0, this.bytes.length - magic.length + 1))
      this.skip(at)
      if (this.bytes.length < headerBytes) return
      const end = headerBytes + this.bytes.readUInt16LE(6)
      if (end - headerBytes > maxParcelPayload) this.skip(1)
      else if (this.bytes.length < end) return
      else this.take(this.bytes.subarray(0, end))
    }
  }

  private take(parcel: Buffer): void {
    if (parcel.readUInt32LE(checksumAt) !== checksumOf(parcel)) return this.skip(1)
    this.skip(parcel.length)
    this.onParcel({
      kind: parcel.readUInt8(4),
      stream: parcel.subarray(12, checksumAt),
      offset: parcel.readUInt32LE(8),
      payload: parcel.subarray(headerBytes),
    })
  }

  private skip(length: number): void {
    this.bytes = this.bytes.subarray(length)
  }
}
