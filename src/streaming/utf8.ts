/** How many bytes at the end of `bytes` begin a character whose rest is still to come. */
export function incompleteLength(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] as number
    if (byte < 0x80) return 0
    if (byte >= 0xc0) return sequenceLength(byte) > back ? back : 0
  }
  return 0
}

/** The last place at or before `at` where a character begins; `at` itself where the bytes are no UTF-8. */
export function characterStart(bytes: Uint8Array, at: number): number {
  for (let back = 0; back <= Math.min(3, at); back++) {
    const byte = bytes[at - back] as number
    if (byte < 0x80 || byte >= 0xc0) return back === 0 || sequenceLength(byte) > back ? at - back : at
  }
  return at
}

function sequenceLength(lead: number): number {
  if (lead < 0xc2 || lead > 0xf4) return 1
  if (lead < 0xe0) return 2
  return lead < 0xf0 ? 3 : 4
}

/** The same memory as a Buffer. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
