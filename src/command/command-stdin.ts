import type { Writable } from 'node:stream'
import { nodeStream } from '../internal/builtins.js'
import { createLateRefusingWritable } from './late-refusing-writable.js'

/** What a write gets when the command takes no more. */
export class BrokenPipe extends Error {
  override readonly name = 'BrokenPipe'
  readonly code = 'EPIPE'
  readonly syscall = 'write'

  constructor() {
    super('The command takes no more input.')
  }
}

/** Where a command's stdin goes: takes as much as it can at once, copied, and says how much that was. */
export interface StdinPort {
  send(bytes: Uint8Array): number
  end(): void
}

/** Feeds a command's stdin, from before it runs until it takes no more. */
export interface StdinFeed {
  readonly writable: Writable
  /** The command can take bytes, for the first time or again. */
  pump(port: StdinPort): void
  /** The command takes no more. */
  close(): void
}

/** A stdin that is known in full: it leaves together with the request to start. */
export function fixedStdin(bytes: Uint8Array): StdinFeed {
  let rest = bytes
  let ended = false
  return {
    writable: endedWritable(),
    pump(port) {
      if (ended) return
      const sent = rest.length > 0 ? port.send(rest) : 0
      rest = rest.subarray(sent)
      if (rest.length > 0) return
      ended = true
      port.end()
    },
    close() {
      ended = true
      rest = rest.subarray(0, 0)
    },
  }
}

/** No stdin: an end-of-file at once. */
export function noStdin(): StdinFeed {
  return { writable: endedWritable(), pump() {}, close() {} }
}

/**
 * A stdin that is written bit by bit. When the command closes it, or ends, what is still written fails with `EPIPE`,
 * which a `pipeline` sees and which never takes down a process that does not listen.
 */
export function pipedStdin(): StdinFeed {
  let port: StdinPort | undefined
  let closed = false
  let rest: Uint8Array = Buffer.alloc(0)
  let taken: ((error?: Error | null) => void) | undefined
  let finish: (() => void) | undefined

  const flush = () => {
    if (!port || !taken) return
    rest = rest.subarray(port.send(rest))
    if (rest.length > 0) return
    const done = taken
    taken = undefined
    done()
  }
  const writable = createLateRefusingWritable({
    highWaterMark: 64 * 1024,
    write(chunk: Uint8Array, _encoding, callback) {
      if (closed) return callback(new BrokenPipe())
      rest = chunk
      taken = callback
      flush()
    },
    final(callback) {
      finish = () => {
        finish = undefined
        port?.end()
        callback()
      }
      if (port || closed) finish()
    },
  })
  writable.on('error', () => {})
  return {
    writable,
    pump(to) {
      port = to
      flush()
      finish?.()
    },
    close() {
      if (closed) return
      closed = true
      if (!writable.writableFinished) writable.destroy(new BrokenPipe())
    },
  }
}

function endedWritable(): Writable {
  const { Writable } = nodeStream()
  const writable = new Writable({ write: (_chunk, _encoding, callback) => callback(new BrokenPipe()) })
  writable.on('error', () => {})
  writable.end()
  return writable
}
