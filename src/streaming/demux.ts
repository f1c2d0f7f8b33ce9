import { ContainersError } from '../errors/containers-error.js'
import { HeadTailBuffer } from './head-tail-buffer.js'

const HEADER_BYTES = 8
const SYSTEM_ERROR = 3
const MAX_SYSTEM_ERROR_BYTES = 64 * 1024
const DEFAULT_MAX_FRAME_BYTES = 64 * 1024 * 1024

/** Where the parts of a multiplexed stream go. Bytes are views of the pushed chunks and must not be changed. */
export interface DemuxHandlers {
  onStdout(bytes: Uint8Array): void
  onStderr(bytes: Uint8Array): void
  /** The engine itself reports a failure inside the stream; everything before it was delivered. */
  onSystemError(error: ContainersError): void
  /** A frame of stdout or stderr is complete: a log's entries are frames. */
  onFrameEnd?(): void
}

/** Takes a multiplexed stream apart as it arrives. After it threw once it refuses every further chunk. */
export interface Demuxer {
  /** Throws `ENGINE_PROTOCOL` on a header that cannot be one, after delivering what came before it. */
  push(chunk: Uint8Array): void
  /** Throws `STREAM_INVALID` when the stream ended inside a frame; `details.missingBytes` has how much is missing. */
  end(): void
}

/**
 * A parser for the engine's multiplexed stream: frames of a type, three zero bytes, a big-endian length and a
 * payload. A payload that spans chunks is handed on in pieces, so nothing is copied and nothing is held back.
 */
export function createDemuxer(handlers: DemuxHandlers, options: { maxFrameBytes?: number } = {}): Demuxer {
  return new FrameDemuxer(handlers, options.maxFrameBytes ?? DEFAULT_MAX_FRAME_BYTES)
}

class FrameDemuxer implements Demuxer {
  /** The part of a header that the last chunk ended with. */
  readonly #header = new Uint8Array(HEADER_BYTES)
  #headerSize = 0
  /** Payload bytes of the current frame still to come. */
  #left = 0
  #type = 0
  #failed = false
  #systemError: HeadTailBuffer | undefined

  constructor(
    private readonly handlers: DemuxHandlers,
    private readonly maxFrameBytes: number,
  ) {}

  push(chunk: Uint8Array): void {
    if (this.#failed)
      throw new ContainersError('STREAM_INVALID', 'The stream was given up after an earlier error.')
    // Until this chunk is through: a handler that throws leaves the position in the stream unknown.
    this.#failed = true
    const size = chunk.length
    let at = 0
    while (at < size) {
      if (this.#left > 0) {
        const stop = Math.min(at + this.#left, size)
        this.#deliver(stop - at === size ? chunk : chunk.subarray(at, stop))
        this.#left -= stop - at
        if (this.#left === 0) this.#endFrame()
        at = stop
      } else if (this.#headerSize === 0 && size - at >= HEADER_BYTES) {
        this.#begin(chunk, at)
        at += HEADER_BYTES
      } else {
        this.#header[this.#headerSize++] = chunk[at++] ?? 0
        if (this.#headerSize < HEADER_BYTES) continue
        this.#headerSize = 0
        this.#begin(this.#header, 0)
      }
    }
    this.#failed = false
  }

  end(): void {
    if (this.#failed || (this.#headerSize === 0 && this.#left === 0)) return
    this.#failed = true
    const inHeader = this.#left === 0
    const missingBytes = inHeader ? HEADER_BYTES - this.#headerSize : this.#left
    throw new ContainersError(
      'STREAM_INVALID',
      `The engine's stream ended inside a frame's ${inHeader ? 'header' : 'payload'}, ${missingBytes} bytes short: the connection was cut.`,
      { details: { missingBytes, part: inHeader ? 'header' : 'payload' } },
    )
  }

  #begin(bytes: Uint8Array, at: number): void {
    const type = bytes[at] as number
    const padding = (bytes[at + 1] as number) | (bytes[at + 2] as number) | (bytes[at + 3] as number)
    // Not `<< 24`, which is negative from 2 GiB on.
    const length =
      (bytes[at + 4] as number) * 0x1000000 +
      (((bytes[at + 5] as number) << 16) | ((bytes[at + 6] as number) << 8) | (bytes[at + 7] as number))
    if (type > SYSTEM_ERROR || padding !== 0 || length > this.maxFrameBytes) throw badHeader(bytes, at)
    this.#type = type
    this.#left = length
    if (type === SYSTEM_ERROR) {
      this.#systemError = new HeadTailBuffer({ headBytes: MAX_SYSTEM_ERROR_BYTES, tailBytes: 0 })
    }
    if (length === 0) this.#endFrame()
  }

  #deliver(bytes: Uint8Array): void {
    if (this.#type === SYSTEM_ERROR) this.#systemError?.push(bytes)
    else if (this.#type === 2) this.handlers.onStderr(bytes)
    else this.handlers.onStdout(bytes)
  }

  #endFrame(): void {
    if (this.#type === SYSTEM_ERROR) this.#endSystemError()
    else this.handlers.onFrameEnd?.()
  }

  #endSystemError(): void {
    const text = Buffer.from(this.#systemError?.take().head ?? [])
      .toString()
      .trim()
    this.#systemError = undefined
    const message = `The engine broke off the stream: ${text === '' ? 'it gave no reason' : text}`
    this.handlers.onSystemError(new ContainersError('ENGINE_ERROR', message))
  }
}

function badHeader(bytes: Uint8Array, at: number): ContainersError {
  const header = Buffer.from(bytes.subarray(at, at + HEADER_BYTES)).toString('hex')
  const message = `The engine's stream has ${header} where a frame's header must be: it is not multiplexed (as with a terminal), or bytes were lost.`
  return new ContainersError('ENGINE_PROTOCOL', message, { details: { header } })
}
