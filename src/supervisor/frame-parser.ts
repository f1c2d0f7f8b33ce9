import { answerType, headerBytes, maxAnswerBytes } from './protocol.js'
import { protocolError } from './protocol-error.js'

/** Where a parser's findings go. */
export interface FrameSink {
  /** A whole frame other than DATA. The payload is valid during the call only. */
  frame(type: number, channel: number, command: number, payload: Buffer): void
  /** Bytes of a DATA frame, in as many pieces as they came in. */
  data(channel: number, command: number, bytes: Buffer): void
}

/** Takes frames apart as they arrive: any split of the bytes, no copy of DATA, memory bounded by one record. */
export class FrameParser {
  private readonly header = Buffer.alloc(headerBytes)
  private headerFilled = 0
  private type = 0
  private channel = 0
  private command = 0
  /** Bytes of the payload that are still to come. */
  private missing = 0
  private gathered: Buffer | undefined

  constructor(private readonly sink: FrameSink) {}

  /** Throws `SUPERVISOR_PROTOCOL`; the parser is of no use afterwards. */
  push(chunk: Buffer): void {
    let offset = 0
    while (offset < chunk.length) {
      if (this.headerFilled < headerBytes) offset = this.takeHeader(chunk, offset)
      else offset = this.takePayload(chunk, offset)
    }
  }

  /** Throws when the bytes so far end inside a frame. */
  end(): void {
    if (this.headerFilled > 0) throw protocolError('the stream ended inside a frame')
  }

  private takeHeader(chunk: Buffer, offset: number): number {
    let header = chunk
    let start = offset
    let end = offset + headerBytes
    if (this.headerFilled > 0 || end > chunk.length) {
      end = Math.min(chunk.length, offset + headerBytes - this.headerFilled)
      this.headerFilled += chunk.copy(this.header, this.headerFilled, offset, end)
      if (this.headerFilled < headerBytes) return end
      header = this.header
      start = 0
    }
    this.headerFilled = headerBytes
    this.type = header[start] ?? 0
    this.channel = header[start + 1] ?? 0
    this.command = header.readUInt32LE(start + 4)
    this.missing = header.readUInt32LE(start + 8)
    if (this.missing > maxAnswerBytes) throw protocolError(`a frame of ${this.missing} bytes`)
    if (this.missing === 0) this.finish(emptyPayload)
    return end
  }

  private takePayload(chunk: Buffer, offset: number): number {
    const end = Math.min(chunk.length, offset + this.missing)
    const piece = offset === 0 && end === chunk.length ? chunk : chunk.subarray(offset, end)
    if (this.type === answerType.data) {
      this.missing -= piece.length
      if (this.missing === 0) this.headerFilled = 0
      this.sink.data(this.channel, this.command, piece)
    } else if (!this.gathered && piece.length === this.missing) this.finish(piece)
    else this.gather(piece)
    return end
  }

  private gather(piece: Buffer): void {
    const gathered = (this.gathered ??= Buffer.allocUnsafe(this.missing))
    piece.copy(gathered, gathered.length - this.missing)
    this.missing -= piece.length
    if (this.missing === 0) this.finish(gathered)
  }

  private finish(payload: Buffer): void {
    this.headerFilled = 0
    this.missing = 0
    this.gathered = undefined
    if (this.type !== answerType.data) this.sink.frame(this.type, this.channel, this.command, payload)
  }
}

const emptyPayload = Buffer.alloc(0)
