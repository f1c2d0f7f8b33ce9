import type { Readable } from 'node:stream'
import { nodeStream } from '../internal/builtins.js'
import { lazy } from '../internal/lazy.js'

/** Bytes that are missing from a stream because nobody read it in time. */
export interface StreamGap {
  /** Where the missing bytes began, counted from the start of the stream. */
  readonly offset: number
  readonly bytes: number
}

type ByteIterator = ReturnType<Readable['iterator']>

/** What the feeding side wants to know of a reader. */
export interface ReaderHooks {
  /** The reader has taken all it was given and asks for more; the first time, it has opened the stream. */
  onWanted(): void
  /** The last reader left: an iterator was ended early, a pipe was undone or its target closed. */
  onLeft(): void
  onDestroyed(): void
}

/**
 * A Node stream of bytes that may be left alone or left early: the source never waits for somebody who is not
 * there. Emits `'gap'` with a {@link StreamGap}, between the bytes before and after it, where bytes were dropped.
 */
export interface ByteReadable extends Readable {
  /** Bytes dropped so far because nobody read them in time; each gap among them was emitted as `'gap'`. */
  readonly droppedBytes: number
  /** @internal */
  reportGap(gap: StreamGap): void
}

export function createByteReadable(hooks: ReaderHooks): ByteReadable {
  return new (pushedReadable())(hooks)
}

export function isByteReadable(value: unknown): value is ByteReadable {
  return value instanceof pushedReadable()
}

const pushedReadable = lazy(
  () =>
    class PushedReadable extends nodeStream().Readable implements ByteReadable {
      droppedBytes = 0
      /** Loops under way; each has one 'readable' listener. */
      #loops = 0

      constructor(private readonly hooks: ReaderHooks) {
        // With 0, `_read` is called only when the reader has everything: no second buffer behind our own.
        super({ highWaterMark: 0 })
      }

      reportGap(gap: StreamGap): void {
        this.droppedBytes += gap.bytes
        this.emit('gap', gap)
      }

      override _read(): void {
        this.hooks.onWanted()
      }

      override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
        this.hooks.onDestroyed()
        callback(error)
      }

      override read(size?: number): ReturnType<Readable['read']> {
        const chunk: unknown = super.read(size)
        // At a high-water mark of 0 Node does not ask again after a 'readable' listener took all in a single read().
        // A loop asks by itself, and not before it is done with what it has: the end must not overtake it.
        if (chunk !== null && this.readableLength === 0 && this.readableFlowing !== true) {
          process.nextTick(() => {
            if (this.listenerCount('readable') > this.#loops && !this.destroyed) super.read(0)
          })
        }
        return chunk
      }

      /** Ending the loop early only stops listening: the stream is not destroyed and can be read on later. */
      override [Symbol.asyncIterator](): ByteIterator {
        return this.iterator()
      }

      override iterator(): ByteIterator {
        const inner = super.iterator({ destroyOnReturn: false })
        let loops = 0
        const leave = async (): Promise<IteratorReturnResult<undefined>> => {
          await inner.return?.()
          this.#loops -= loops
          loops = 0
          this.#checkLeft()
          return { done: true, value: undefined }
        }
        const iterator: ByteIterator = {
          next: () => {
            this.#loops += 1 - loops
            loops = 1
            return inner.next()
          },
          return: leave,
          [Symbol.asyncIterator]: () => iterator,
          [Symbol.asyncDispose]: async () => void (await leave()),
        }
        return iterator
      }

      /** Undoes a pipe. With the last reader gone the source waits no longer. */
      override unpipe(destination?: NodeJS.WritableStream): this {
        super.unpipe(destination)
        this.#checkLeft()
        return this
      }

      #checkLeft(): void {
        if (this.destroyed || this.readableFlowing === true) return
        if (this.listenerCount('data') + this.listenerCount('readable') === 0) this.hooks.onLeft()
      }
    },
)
