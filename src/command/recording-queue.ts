import type { Message, OutputMessage } from '../ports/message-store.js'

type Exit = Readonly<Record<string, unknown>>

/** What the objects around a piece take, roughly: many small pieces are a lot, too. */
const overheadBytes = 256

interface Piece {
  readonly stream: OutputMessage['stream']
  readonly offset: number
  /** With room for more; `size` of it is used. */
  bytes: Buffer
  size: number
}

/** What waits for a slow store: bounded, and small writes that follow each other in one message. */
export class RecordingQueue {
  droppedBytes = 0
  private readonly pieces: Piece[] = []
  private waitingBytes = 0
  private last: { readonly exit: Exit } | undefined
  private closed = false
  private wake: (() => void) | undefined

  constructor(
    private readonly commandId: string,
    private readonly limits: { readonly maxWaitingBytes: number; readonly largestMessageBytes: number },
  ) {}

  add(stream: OutputMessage['stream'], bytes: Uint8Array, offset: number): void {
    const room = this.limits.maxWaitingBytes - this.waitingBytes - overheadBytes
    const fits = Math.max(0, Math.min(bytes.length, room))
    this.droppedBytes += bytes.length - fits
    this.waitingBytes += fits
    for (let at = 0; at < fits;) {
      const piece = this.open(stream, offset + at, fits - at)
      const size = Math.min(fits - at, this.limits.largestMessageBytes - piece.size)
      append(piece, bytes.subarray(at, at + size))
      at += size
    }
    this.wake?.()
  }

  end(exit: Exit): void {
    this.last ??= this.closed ? undefined : { exit }
  }

  /** Nothing more will come. */
  close(): void {
    this.closed = true
    this.wake?.()
  }

  /** The next message, waiting for it; nothing when there will be none. */
  async next(): Promise<Message | undefined> {
    const { commandId } = this
    while (this.pieces.length === 0 && !this.closed) {
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
    }
    const piece = this.pieces.shift()
    if (piece) {
      this.waitingBytes -= piece.size + overheadBytes
      const { stream, offset, bytes, size } = piece
      return { type: 'output', commandId, stream, offset, bytes: bytes.subarray(0, size) }
    }
    const { last } = this
    this.last = undefined
    return last && { type: 'end', commandId, exit: last.exit }
  }

  /** The last piece where the bytes go on with it, else a new one. */
  private open(stream: OutputMessage['stream'], offset: number, size: number): Piece {
    const last = this.pieces.at(-1)
    if (
      last?.stream === stream &&
      last.offset + last.size === offset &&
      last.size < this.limits.largestMessageBytes
    ) {
      return last
    }
    const bytes = Buffer.allocUnsafeSlow(Math.min(size, this.limits.largestMessageBytes))
    const piece: Piece = { stream, offset, bytes, size: 0 }
    this.pieces.push(piece)
    this.waitingBytes += overheadBytes
    return piece
  }
}

function append(piece: Piece, bytes: Uint8Array): void {
  const needed = piece.size + bytes.length
  if (needed > piece.bytes.length) {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, piece.bytes.length * 2))
    piece.bytes.copy(larger, 0, 0, piece.size)
    piece.bytes = larger
  }
  piece.bytes.set(bytes, piece.size)
  piece.size = needed
}
