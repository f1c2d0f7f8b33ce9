import type { Readable } from 'node:stream'
import { ContainersError, isContainersError } from '../errors/containers-error.js'
import { nodeStream } from '../internal/builtins.js'
import type { ByteReadable } from './byte-readable.js'
import { createByteStream, type ByteStream } from './byte-stream.js'
import { createDemuxer } from './demux.js'
import type { Retention } from './head-tail-buffer.js'

const DEFAULT_HIGH_WATER_MARK_BYTES = 256 * 1024
const DEFAULT_MAX_STALL_MS = 1000

export interface DemuxStreamOptions {
  /** Bytes that may wait for the reader of one output before the source is paused. Default: 256 KiB. */
  highWaterMarkBytes?: number
  /**
   * How long a reader who takes nothing may hold up the source, in milliseconds. After that its output is treated
   * as unread until it reads on: head and tail are kept, a `'gap'` tells what was dropped. Default: 1,000, because
   * an attached stream left unread blocks the engine itself. `Infinity` suits a log, which nobody else waits for.
   */
  maxStallMs?: number
  /** What is kept of an output that nobody reads. Default: the first and the last 512 KiB. */
  retain?: Retention
  /** Breaks both outputs with `ABORTED` and destroys the source. */
  signal?: AbortSignal
}

/**
 * Takes the engine's multiplexed stream apart into two that end, break and wait independently. A failure of the
 * source (cut, torn, reported by the engine, aborted) breaks both, after what came before it has been read.
 */
export function demuxStream(
  source: Readable,
  options: DemuxStreamOptions = {},
): { stdout: ByteReadable; stderr: ByteReadable } {
  const { highWaterMarkBytes = DEFAULT_HIGH_WATER_MARK_BYTES, maxStallMs = DEFAULT_MAX_STALL_MS } = options
  const low = highWaterMarkBytes / 2
  let failure: ContainersError | undefined
  let paused = false
  let stall: NodeJS.Timeout | undefined

  const output = (): ByteStream => {
    const { retain } = options
    const stream = createByteStream({
      highWaterMarkBytes,
      ...(retain !== undefined && { retain }),
      onConsumed: () => {
        if (paused) resume(stream)
      },
    })
    return stream
  }
  const stdout = output()
  const stderr = output()
  const waiting = (): ByteStream[] => [stdout, stderr].filter((stream) => stream.bufferedBytes > low)

  const pause = (): void => {
    paused = true
    source.pause()
    if (maxStallMs === Infinity) return
    stall = setTimeout(() => {
      for (const stream of waiting()) stream.release()
    }, maxStallMs)
    stall.unref()
  }
  const resume = (reader: ByteStream): void => {
    if (reader.bufferedBytes > low) {
      stall?.refresh()
    } else if (waiting().length === 0) {
      paused = false
      clearTimeout(stall)
      source.resume()
    }
  }
  const fail = (error: ContainersError): void => {
    if (failure !== undefined) return
    failure = error
    clearTimeout(stall)
    stdout.fail(error)
    stderr.fail(error)
    source.destroy()
  }
  const attempt = (step: () => void): void => {
    try {
      step()
    } catch (error) {
      fail(toStreamError(error))
    }
  }

  const demuxer = createDemuxer({
    onStdout: (bytes) => void stdout.push(bytes),
    onStderr: (bytes) => void stderr.push(bytes),
    onSystemError: fail,
  })
  source.on('data', (chunk: Uint8Array) => {
    if (failure !== undefined) return
    attempt(() => demuxer.push(chunk))
    if (!paused && Math.max(stdout.bufferedBytes, stderr.bufferedBytes) >= highWaterMarkBytes) pause()
  })
  const { finished } = nodeStream()
  finished(source, { writable: false, ...(options.signal && { signal: options.signal }) }, (error) => {
    if (error) return fail(toStreamError(error, options.signal))
    attempt(() => demuxer.end())
    stdout.end()
    stderr.end()
  })
  return { stdout: stdout.readable, stderr: stderr.readable }
}

function toStreamError(error: unknown, signal?: AbortSignal): ContainersError {
  if (isContainersError(error)) return error
  if (signal?.aborted === true) {
    return new ContainersError('ABORTED', 'Reading the stream was aborted.', { cause: signal.reason })
  }
  const reason = error instanceof Error ? error.message : String(error)
  const message = `The engine's stream broke off before its end: ${reason}`
  return new ContainersError('ENGINE_UNREACHABLE', message, { cause: error })
}
