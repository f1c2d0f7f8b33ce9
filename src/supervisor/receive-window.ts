import { protocolError } from './protocol-error.js'

/** How much of one output channel may still come, counted from the command's start. */
export class ReceiveWindow {
  received = 0
  /** The offset up to which the supervisor may send; as last granted. */
  limit: number
  private consumed = 0
  private ended = false

  constructor(private readonly size: number) {
    this.limit = size
  }

  receive(bytes: number): void {
    this.received += bytes
    if (this.received > this.limit) throw protocolError('output beyond the window')
    if (this.ended) throw protocolError('output after its end')
  }

  end(): void {
    this.ended = true
  }

  /** True when a new limit is to be sent. */
  consume(bytes: number): boolean {
    this.consumed += bytes
    if (this.ended || this.consumed + this.size - this.limit < this.size / 2) return false
    this.limit = this.consumed + this.size
    return true
  }
}
