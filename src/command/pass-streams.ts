import type { Readable, Writable } from 'node:stream'
import type { StdinFeed, StdinPort } from './command-stdin.js'
import type { ByteStream } from '../streaming/byte-stream.js'
import type { StreamGap } from '../streaming/byte-readable.js'

/** One output stream on its way from the command that runs to the handle that was given out before it did. */
export interface PassedOutput {
  /** The reader has taken something. */
  resume(): void
  /** The command is over: waits for no reader any more, and resolves when all that is left was passed on. */
  drain(): Promise<void>
}

export function passOutput(source: Readable, to: ByteStream): PassedOutput {
  let draining = false
  const ended = new Promise<void>((resolve) => {
    source.once('end', resolve)
    source.once('close', resolve)
    source.once('error', (error) => {
      to.fail(error)
      resolve()
    })
  })
  source.on('gap', (gap: StreamGap) => to.skip(gap.bytes))
  source.on('data', (bytes: Buffer) => {
    if (!to.push(bytes) && !draining) source.pause()
  })
  return {
    resume: () => void source.resume(),
    drain() {
      draining = true
      source.resume()
      return ended
    },
  }
}

/** Passes on what is written, at the pace of the command that reads it. */
export function passStdin(feed: StdinFeed, target: Writable): void {
  const port: StdinPort = {
    send(bytes) {
      if (target.writableNeedDrain) return 0
      target.write(Buffer.from(bytes)) // which may be kept for longer than the caller keeps them
      return bytes.length
    },
    end: () => void target.end(),
  }
  target.on('drain', () => feed.pump(port))
  target.on('close', () => feed.close())
  target.on('error', () => feed.close())
  feed.pump(port)
}
