const BLOCK_BYTES = 16 * 1024
const SMALL_BYTES = 1024

/**
 * Bytes in order, held without copying where that is cheap. A small piece, or one that is a small part of a larger
 * allocation (a frame cut out of a socket's chunk), is copied into a shared block: held as it is, a hundred bytes
 * could pin the 64 KiB that they came in.
 */
export class ByteQueue {
  readonly #chunks: Uint8Array[] = []
  #bytes = 0
  /** The block being filled; `#start` to `#end` is a last chunk that is still open. */
  #block = Buffer.alloc(0)
  #start = 0
  #end = 0

  get bytes(): number {
    return this.#bytes
  }

  push(bytes: Uint8Array): void {
    const size = bytes.length
    this.#bytes += size
    if (size <= BLOCK_BYTES && (size < SMALL_BYTES || size * 4 < bytes.buffer.byteLength)) {
      this.#copy(bytes)
    } else {
      this.#seal()
      this.#chunks.push(bytes)
    }
  }

  shift(): Uint8Array | undefined {
    if (this.#chunks.length === 0) this.#seal()
    const chunk = this.#chunks.shift()
    this.#bytes -= chunk?.length ?? 0
    return chunk
  }

  /** Takes the first bytes out, as many as there are at most. */
  drop(bytes: number): void {
    for (let left = bytes; left > 0;) {
      const chunk = this.shift()
      if (chunk === undefined) return
      if (chunk.length > left) {
        this.#chunks.unshift(chunk.subarray(left))
        this.#bytes += chunk.length - left
      }
      left -= chunk.length
    }
  }

  #copy(bytes: Uint8Array): void {
    if (this.#block.length - this.#end < bytes.length) {
      this.#seal()
      this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES)
      this.#start = this.#end = 0
    }
    this.#block.set(bytes, this.#end)
    this.#end += bytes.length
  }

  /** Turns the open chunk into an ordinary one; the rest of its block stays in use. */
  #seal(): void {
    if (this.#end === this.#start) return
    this.#chunks.push(this.#block.subarray(this.#start, this.#end))
    this.#start = this.#end
  }
}
