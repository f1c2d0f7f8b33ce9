import { ContainersError } from '../errors/containers-error.js'

const headerBytes = 6

/** A field of a record that comes in pieces. */
export interface Field {
  readonly tag: number
  readonly value: Buffer
}

/** Takes fields out of bytes as they come, whatever pieces they come in. */
export class FieldParser {
  private rest: Buffer = Buffer.alloc(0)

  push(bytes: Uint8Array): Field[] {
    const all = this.rest.length > 0 ? Buffer.concat([this.rest, bytes]) : Buffer.from(bytes)
    const fields: Field[] = []
    let at = 0
    while (all.length - at >= headerBytes) {
      const end = at + headerBytes + all.readUInt32LE(at + 2)
      if (end > all.length) break
      fields.push({ tag: all.readUInt16LE(at), value: all.subarray(at + headerBytes, end) })
      at = end
    }
    this.rest = all.subarray(at)
    return fields
  }

  end(): void {
    if (this.rest.length === 0) return
    throw new ContainersError(
      'STREAM_INVALID',
      `A list of files ended ${this.rest.length} bytes into a field.`,
    )
  }
}
