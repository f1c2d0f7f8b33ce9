import { protocolError } from './protocol-error.js'

/** How much of one output channel may still come, counted from the command's start. */
export class ReceiveWindow {
  received: number
  /** The offset up to which the supervisor may send; as last granted. */
  limit: number
  private consumed: number
  private readonly step: number
  private ended = false

  /**
   * `from`: the offset of the first byte that is to come. `isOpen`: the window was granted with the request.
   * `stepBytes`: after how many bytes the sender is told at the latest, since a full spool may wait for that.
   */
  constructor(
    private readonly size: number,
    { from = 0, isOpen = true, stepBytes = size / 2 } = {},
  ) {
    this.received = this.consumed = from
    this.limit = from + (isOpen ? size : 0)
    this.step = Math.min(stepBytes, size / 2)
  }

  /** Makes the whole window the limit to be sent. */
  open(): void {
    this.limit = Math.max(this.limit, this.consumed + this.size)
  }

  receive(bytes: number): void {
    this.received += bytes
    if (this.received > this.limit) throw protocolError('output beyond the window')
    if (this.ended) throw protocolError('output after its end')
  }

  /** What comes next is the byte at `offset`; says how many are left out. */
  skipTo(offset: number): number {
    if (offset < this.received || this.ended) throw protocolError(`output that goes back to byte ${offset}`)
    const skipped = offset - this.received
    this.received = offset
    this.limit = Math.max(this.limit, offset)
    return skipped
  }

  end(): void {
    this.ended = true
  }

  /** True when a new limit is to be sent. */
  consume(bytes: number): boolean {
    this.consumed += bytes
    if (this.ended || this.consumed + this.size - this.limit < this.step) return false
    this.limit = this.consumed + this.size
    return true
  }
}
