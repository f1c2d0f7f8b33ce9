import type { ByteStream } from '../streaming/byte-stream.js'

const checkMs = 1_000

/**
 * Once a command was ended, a reader who has stopped reading must not keep its exit from being told: when a whole
 * second passes without a byte being read, the streams go on without their readers. Its supervisor says when that
 * is: here, nobody knows how long its place was paused.
 */
export class StallGuard {
  private timer: NodeJS.Timeout | undefined
  private moved = false

  constructor(private readonly streams: readonly ByteStream[]) {}

  /** The command is over, but for what is still to be read. */
  start(): void {
    this.timer ??= setInterval(() => this.check(), checkMs).unref()
  }

  progress(): void {
    this.moved = true
  }

  stop(): void {
    clearInterval(this.timer)
  }

  private check(): void {
    if (!this.moved) for (const stream of this.streams) stream.release()
    this.moved = false
  }
}
