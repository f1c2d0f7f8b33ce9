import type { RedactionPatterns } from '../../streaming/redact-patterns.js'
import { createRedactor, type Redactor } from '../../streaming/redact.js'
import { AfterGap } from '../../streaming/redact-edge.js'
import type { ByteStream } from '../../streaming/byte-stream.js'

const nothing = new Uint8Array()
/** After how long a pause few bytes behind a gap are given out. */
const maxHoldMs = 50

/** Masks what goes into a stream, and counts what that says about what came: a mask is seldom as long as its secret. */
export class MaskedOutput {
  private readonly redactor: Redactor
  private afterGap: AfterGap | undefined
  private received = 0
  private emitted = 0
  private read = 0
  private granted = 0

  constructor(
    private readonly patterns: RedactionPatterns,
    private readonly stream: ByteStream,
    /** So many more of the bytes that came count no longer against the sender. */
    private readonly grant: (bytes: number) => void,
  ) {
    this.redactor = createRedactor({ patterns, onBytes: (bytes) => this.emit(bytes) })
  }

  push(bytes: Uint8Array): void {
    this.received += bytes.length
    if (this.afterGap) this.pass(bytes)
    else this.redactor.push(bytes)
    this.report()
  }

  /** What comes next begins in the midst of what is printed, where a secret may have been cut. */
  cut(): void {
    this.pass(nothing, true)
    this.redactor.cut()
    this.afterGap = new AfterGap(this.patterns)
  }

  /** So many bytes are missing here. */
  skip(bytes: number): void {
    this.cut()
    this.stream.skip(bytes)
  }

  end(): void {
    this.pass(nothing, true)
    this.redactor.end()
  }

  /** The stream's reader took so many of the bytes that were given out. */
  consumed(bytes: number): void {
    this.read += bytes
    this.report()
  }

  private pass(bytes: Uint8Array, isEnd = false): void {
    const { afterGap } = this
    const end = afterGap?.push(bytes, isEnd)
    if (end) {
      this.afterGap = undefined
      if (end.mask.length > 0) this.emit(end.mask)
      this.redactor.push(end.rest)
    } else if (afterGap?.isShort) {
      setTimeout(() => this.release(afterGap), maxHoldMs).unref()
    }
  }

  /** It is looked through all the same once more of it has come. */
  private release(afterGap: AfterGap): void {
    if (this.afterGap !== afterGap || !afterGap.isShort) return
    this.emit(afterGap.release())
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
