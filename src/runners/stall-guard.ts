import type { ByteStream } from '../streaming/byte-stream.js'

const checkMs = 1_000

/**
 * Once a command should be over, a reader who has stopped reading must not keep its exit from being told: when a
 * whole second passes without a byte being read, the streams go on without their readers.
 */
export class StallGuard {
  private timer: NodeJS.Timeout | undefined
  private deadline = 0
  private moved = false

  constructor(private readonly streams: readonly ByteStream[]) {}

  /** From `ms` on the command should be over. The earliest call counts. */
  arm(ms: number): void {
    const deadline = performance.now() + ms
    if (this.timer && this.deadline <= deadline) return
    this.deadline = deadline
    this.moved = false
    this.wait(ms + checkMs)
  }

  extend(ms: number): void {
    if (this.timer) this.deadline += ms
  }

  progress(): void {
    this.moved = true
  }

  disarm(): void {
    clearTimeout(this.timer)
  }

  private wait(ms: number): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.check(), ms).unref()
  }

  private check(): void {
    const early = this.deadline + checkMs - performance.now()
    if (early > 0) return this.wait(early)
    if (!this.moved) for (const stream of this.streams) stream.release()
    this.moved = false
    this.wait(checkMs)
  }
}
