import type { RedactionPatterns } from '../../streaming/redact-patterns.js'
import { createRedactor, type Redactor } from '../../streaming/redact.js'
import type { ByteStream } from '../../streaming/byte-stream.js'

/** Masks what goes into a stream, and counts what that says about what came: a mask is seldom as long as its secret. */
export class MaskedOutput {
  private readonly redactor: Redactor
  private received = 0
  private emitted = 0
  private read = 0
  private granted = 0

  constructor(
    patterns: RedactionPatterns,
    private readonly stream: ByteStream,
    /** So many more of the bytes that came count no longer against the sender. */
    private readonly grant: (bytes: number) => void,
  ) {
    this.redactor = createRedactor({ patterns, onBytes: (bytes) => this.emit(bytes) })
  }

  push(bytes: Uint8Array): void {
    this.received += bytes.length
    this.redactor.push(bytes)
    this.report()
  }

  end(): void {
    this.redactor.end()
  }

  /** The stream's reader took so many of the bytes that were given out. */
  consumed(bytes: number): void {
    this.read += bytes
    this.report()
  }

  private emit(bytes: Uint8Array): void {
    this.emitted += bytes.length
    this.stream.push(bytes)
  }

  /** What is held back must not wait for more of a window that it fills itself. */
  private report(): void {
    const granted = this.read === this.emitted ? this.received : Math.min(this.read, this.received)
    if (granted <= this.granted) return
    const more = granted - this.granted
    this.granted = granted
    this.grant(more)
  }
}
