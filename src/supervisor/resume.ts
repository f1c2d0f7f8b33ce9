import { crypto } from '../internal/builtins.js'
import type { SessionRequest } from './messages.js'
import { protocolError } from './protocol-error.js'
import { giveBack } from './slabs.js'

/** How a connection may outlive its stream. */
export interface SessionOptions {
  /** How long a supervisor that lost its host goes on before it kills the host's commands, in milliseconds. */
  readonly orphanGraceMs: number
  /** How many bytes that were sent but not acknowledged the supervisor may keep. */
  readonly keepBytes: number
}

/** What is acknowledged in passing, when something else is sent. */
const alongBytes = 32 * 1024

/**
 * The bytes that a session has counted in both directions: what we sent and the supervisor has not acknowledged,
 * to be sent again on another stream, and how much we received.
 */
export class Session {
  received = 0
  /** The supervisor said that it knows the session. */
  isKnown = false
  private readonly id = crypto().randomBytes(16)
  private begunAt: number | undefined
  private acknowledged = 0
  private kept: Uint8Array[] = []
  /** Entries of `kept` that are no longer needed; dropped many at a time. */
  private done = 0
  private keptOffset = 0
  private sentOffset = 0

  constructor(
    private readonly options: SessionOptions,
    /** The supervisor that it was begun with; another one cannot know it. */
    readonly instance: string,
  ) {}

  /**
   * What HELLO says of it on the next stream. Where nobody knows whether the first HELLO arrived, it may be begun
   * again, as long as a supervisor that had begun it would still know.
   */
  request(): SessionRequest {
    const { received, isKnown, begunAt, id, options } = this
    if (begunAt === undefined) {
      this.begunAt = performance.now()
      return { id, ...options }
    }
    const mayBegin = !isKnown && performance.now() - begunAt < options.orphanGraceMs
    return { id, ...options, resume: { received, mayBegin } }
  }

  sent(pieces: readonly Uint8Array[]): void {
    for (const piece of pieces) {
      this.kept.push(piece)
      this.sentOffset += piece.length
    }
  }

  /** The supervisor has everything up to `offset`. */
  acknowledge(offset: number): void {
    if (offset > this.sentOffset) throw protocolError('more acknowledged than was sent')
    for (let piece = this.kept[this.done]; piece && this.keptOffset + piece.length <= offset;) {
      this.keptOffset += piece.length
      giveBack(piece)
      piece = this.kept[++this.done]
    }
    if (this.done * 2 < this.kept.length) return
    this.kept = this.kept.slice(this.done)
    this.done = 0
  }

  /** What the supervisor does not have, when it has everything up to `offset`. */
  unsent(offset: number): Uint8Array[] {
    if (offset < this.keptOffset) throw protocolError('less received than was acknowledged')
    this.acknowledge(offset)
    const [first, ...others] = this.kept.slice(this.done)
    return first ? [first.subarray(offset - this.keptOffset), ...others] : []
  }

  /** Whether it is time to acknowledge: `alone`, or because a frame goes out anyway. */
  isAckDue(alone: boolean): boolean {
    return this.received - this.acknowledged >= (alone ? this.options.keepBytes / 2 : alongBytes)
  }

  /** Whether there is anything to acknowledge. */
  get hasNews(): boolean {
    return this.received > this.acknowledged
  }

  takeAck(): number {
    this.acknowledged = this.received
    return this.received
  }
}
