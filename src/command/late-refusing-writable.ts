import type { Writable, WritableOptions } from 'node:stream'
import { nodeStream } from '../internal/builtins.js'
import { lazy } from '../internal/lazy.js'

type Done = (error?: Error | null) => void

/** What a write gets after the stream was ended; named as by Node. */
class WriteAfterEnd extends Error {
  readonly code = 'ERR_STREAM_WRITE_AFTER_END'

  constructor() {
    super('The stream was ended before this write.')
  }
}

const lateRefusingWritable = lazy(
  () =>
    class LateRefusingWritable extends nodeStream().Writable {
      override write(chunk: unknown, ...rest: unknown[]): boolean {
        if (!this.writableEnded || this.destroyed)
          return super.write(chunk, ...(rest as [BufferEncoding, Done]))
        this.refuse(rest.at(-1))
        return false
      }

      override end(...rest: unknown[]): this {
        const isLate = this.writableEnded && !this.destroyed && hasChunk(rest[0])
        if (!isLate) return super.end(...(rest as [unknown, BufferEncoding, () => void]))
        this.refuse(rest.at(-1))
        return this
      }

      private refuse(done: unknown): void {
        const error = new WriteAfterEnd()
        process.nextTick(() => {
          if (typeof done === 'function') (done as Done)(error)
          this.emit('error', error)
        })
      }
    },
)

/**
 * Refuses what is written after its end, and that alone: a plain `Writable` is destroyed by it, with all that was
 * written in time and has not left yet, the end included.
 */
export function createLateRefusingWritable(options: WritableOptions): Writable {
  return new (lateRefusingWritable())(options)
}

/** `end` may be called with nothing, or with its callback alone. */
function hasChunk(first: unknown): boolean {
  return first !== undefined && first !== null && typeof first !== 'function'
}
