import { dataFrameBytes, headerBytes } from './protocol.js'
import { takeSlab } from './slabs.js'

const empty = Buffer.alloc(0)

/** From how many bytes on a DATA frame gets a slab. */
const slabFrom = dataFrameBytes / 4

/** Gathers the frames of one turn of the event loop, so that they leave in one write. */
export class FrameWriter {
  private pieces: Uint8Array[] = []

  constructor(private readonly write: (pieces: readonly Uint8Array[]) => void) {}

  frame(type: number, channel: number, command: number, payload: Buffer = empty): void {
    this.queue(encodeFrame(type, channel, command, payload))
  }

  /** DATA frames with a copy of `bytes`. */
  data(type: number, channel: number, command: number, bytes: Uint8Array): void {
    for (let offset = 0; offset < bytes.length; offset += dataFrameBytes) {
      const piece = bytes.subarray(offset, offset + dataFrameBytes)
      const size = headerBytes + piece.length
      const frame = piece.length < slabFrom ? Buffer.allocUnsafe(size) : takeSlab().subarray(0, size)
      writeHeader(frame, type, channel, command, piece.length)
      frame.set(piece, headerBytes)
      this.queue(frame)
    }
  }

  private queue(piece: Uint8Array): void {
    if (this.pieces.length === 0) queueMicrotask(() => this.flush())
    this.pieces.push(piece)
  }

  /** Writes what has been gathered now rather than at the end of the turn. */
  flush(): void {
    const pieces = this.pieces
    if (pieces.length === 0) return
    this.pieces = []
    this.write(pieces)
  }
}

export function encodeFrame(type: number, channel: number, command: number, payload: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(headerBytes + payload.length)
  writeHeader(frame, type, channel, command, payload.length)
  payload.copy(frame, headerBytes)
  return frame
}

function writeHeader(target: Buffer, type: number, channel: number, command: number, length: number): void {
  target[0] = type
  target[1] = channel
  target.writeUInt16LE(0, 2)
  target.writeUInt32LE(command, 4)
  target.writeUInt32LE(length, 8)
}
