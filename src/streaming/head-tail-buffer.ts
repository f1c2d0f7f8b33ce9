const EMPTY: Uint8Array = new Uint8Array(0)

/** How many bytes of the beginning and of the end are kept. */
export interface Retention {
  readonly headBytes: number
  readonly tailBytes: number
}

/** What was kept; `droppedBytes` are missing between the two. */
export interface Retained {
  readonly head: Uint8Array
  readonly droppedBytes: number
  readonly tail: Uint8Array
}

/**
 * Keeps the first and the last bytes of a stream of any length. Bytes are copied in, so that a kept byte never pins
 * the large chunk it came in, and memory grows to `headBytes + tailBytes` however small the pieces are.
 */
export class HeadTailBuffer {
  #head = EMPTY
  #headSize = 0
  /** Byte `n` of what did not fit into the head lies at `n % tailBytes`. */
  #ring = EMPTY
  #ringTotal = 0

  constructor(private readonly retention: Retention) {}

  get totalBytes(): number {
    return this.#headSize + this.#ringTotal
  }

  get droppedBytes(): number {
    return Math.max(0, this.#ringTotal - this.retention.tailBytes)
  }

  get truncated(): boolean {
    return this.droppedBytes > 0
  }

  push(bytes: Uint8Array): void {
    const { headBytes, tailBytes } = this.retention
    const fits = Math.min(headBytes - this.#headSize, bytes.length)
    if (fits > 0) {
      this.#head = grown(this.#head, this.#headSize + fits, headBytes)
      this.#head.set(fits === bytes.length ? bytes : bytes.subarray(0, fits), this.#headSize)
      this.#headSize += fits
    }
    if (fits === bytes.length) return
    const skipped = Math.max(fits, bytes.length - tailBytes)
    this.#ringTotal += skipped - fits
    if (skipped < bytes.length) this.#pushRing(skipped === 0 ? bytes : bytes.subarray(skipped))
  }

  #pushRing(bytes: Uint8Array): void {
    const { tailBytes } = this.retention
    this.#ring = grown(this.#ring, Math.min(this.#ringTotal + bytes.length, tailBytes), tailBytes)
    const at = this.#ringTotal % tailBytes
    const first = Math.min(bytes.length, tailBytes - at)
    this.#ring.set(first === bytes.length ? bytes : bytes.subarray(0, first), at)
    if (first < bytes.length) this.#ring.set(bytes.subarray(first), 0)
    this.#ringTotal += bytes.length
  }

  /** Hands over what was kept and starts anew. */
  take(): Retained {
    const { droppedBytes } = this
    const retained = { head: this.#head.subarray(0, this.#headSize), droppedBytes, tail: this.#tail() }
    this.#head = this.#ring = EMPTY
    this.#headSize = this.#ringTotal = 0
    return retained
  }

  #tail(): Uint8Array {
    if (!this.truncated) return this.#ring.subarray(0, this.#ringTotal)
    const oldest = this.#ringTotal % this.retention.tailBytes
    return Buffer.concat([this.#ring.subarray(oldest), this.#ring.subarray(0, oldest)])
  }
}

/** `bytes` with room for `needed`, by doubling, so that many small pieces cost linear time in all. */
function grown(bytes: Uint8Array, needed: number, limit: number): Uint8Array {
  if (bytes.length >= needed) return bytes
  const larger = Buffer.allocUnsafeSlow(Math.min(limit, Math.max(needed, bytes.length * 2, 1024)))
  larger.set(bytes)
  return larger
}
