import { protocolError } from './protocol-error.js'

const fieldHeaderBytes = 6
const encoder = new TextEncoder()

/** Builds the payload of a record frame, field by field. */
export class RecordWriter {
  private readonly fields: Buffer[] = []
  private length = 0

  text(tag: number, value: string | Uint8Array): this {
    if (typeof value !== 'string') return this.bytes(tag, value)
    const size = Buffer.byteLength(value)
    const field = this.field(tag, size)
    encoder.encodeInto(value, field.subarray(fieldHeaderBytes))
    return this
  }

  bytes(tag: number, value: Uint8Array): this {
    this.field(tag, value.length).set(value, fieldHeaderBytes)
    return this
  }

  u32(tag: number, value: number): this {
    this.field(tag, 4).writeUInt32LE(value >>> 0, fieldHeaderBytes)
    return this
  }

  u64(tag: number, value: number): this {
    this.field(tag, 8).writeBigUInt64LE(BigInt(value), fieldHeaderBytes)
    return this
  }

  finish(): Buffer {
    return Buffer.concat(this.fields, this.length)
  }

  private field(tag: number, size: number): Buffer {
    const field = Buffer.allocUnsafe(fieldHeaderBytes + size)
    field.writeUInt16LE(tag, 0)
    field.writeUInt32LE(size, 2)
    this.fields.push(field)
    this.length += field.length
    return field
  }
}

/** The fields of a received record; tags that nobody asks for are skipped. */
export class RecordReader {
  private readonly fields = new Map<number, Buffer[]>()

  constructor(payload: Buffer) {
    let offset = 0
    while (offset < payload.length) {
      if (payload.length - offset < fieldHeaderBytes) throw protocolError('a record ends inside a field')
      const tag = payload.readUInt16LE(offset)
      const end = offset + fieldHeaderBytes + payload.readUInt32LE(offset + 2)
      if (end > payload.length) throw protocolError(`field ${tag} leaves its record`)
      const value = payload.subarray(offset + fieldHeaderBytes, end)
      const same = this.fields.get(tag)
      if (same) same.push(value)
      else this.fields.set(tag, [value])
      offset = end
    }
  }

  text(tag: number): string | undefined {
    return this.fields.get(tag)?.[0]?.toString('utf8')
  }

  texts(tag: number): string[] {
    return (this.fields.get(tag) ?? []).map((value) => value.toString('utf8'))
  }

  bytes(tag: number): Buffer | undefined {
    return this.fields.get(tag)?.[0]
  }

  u8(tag: number): number | undefined {
    return this.sized(tag, 1)?.readUInt8(0)
  }

  u32(tag: number): number | undefined {
    return this.sized(tag, 4)?.readUInt32LE(0)
  }

  u32s(tag: number): number[] {
    return (this.fields.get(tag) ?? []).map((value) => checkSize(tag, value, 4).readUInt32LE(0))
  }

  u64(tag: number): bigint | undefined {
    return this.sized(tag, 8)?.readBigUInt64LE(0)
  }

  private sized(tag: number, size: number): Buffer | undefined {
    const value = this.fields.get(tag)?.[0]
    return value && checkSize(tag, value, size)
  }
}

function checkSize(tag: number, value: Buffer, size: number): Buffer {
  if (value.length !== size) throw protocolError(`field ${tag} has ${value.length} bytes instead of ${size}`)
  return value
}
