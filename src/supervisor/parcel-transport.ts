import { crypto } from '../internal/builtins.js'
import { encodeParcel, maxParcelPayload, parcelKind, ParcelReader, type Parcel } from './parcel.js'
import { protocolError } from './protocol-error.js'
import type { Transport, TransportSink } from './transport.js'

/** How often the supervisor hears from us, which takes a silence of 750 ms for our end. */
const aliveMs = 100
/** How long it may take over ending a stream that we have said goodbye on. */
const farewellMs = 1_000

/** A stream of its own over one that others write to and read from as well. */
export class ParcelTransport implements Transport {
  private readonly stream = crypto().randomBytes(8)
  private sent = 0
  private received = 0
  private sink: TransportSink | undefined
  private timer: NodeJS.Timeout | undefined

  constructor(private readonly shared: Transport) {}

  open(sink: TransportSink): void {
    this.sink = sink
    const reader = new ParcelReader((parcel) => this.take(parcel))
    this.shared.open({
      data: (bytes) => reader.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)),
      end: (error) => this.ended(error),
    })
    this.send(parcelKind.open)
    this.timer = setInterval(() => this.send(parcelKind.alive), aliveMs).unref()
  }

  write(pieces: readonly Uint8Array[]): void {
    const bytes = pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces)
    const parcels: Buffer[] = []
    for (let at = 0; at < bytes.length; at += maxParcelPayload) {
      const payload = bytes.subarray(at, at + maxParcelPayload)
      parcels.push(this.seal(parcelKind.data, payload))
      this.sent = (this.sent + payload.length) % 2 ** 32
    }
    this.shared.write(parcels)
  }

  /** What was written last is a goodbye: the peer ends the stream. */
  end(): void {
    setTimeout(() => this.shared.destroy(), farewellMs).unref()
  }

  destroy(): void {
    if (this.timer) this.send(parcelKind.close)
    this.sink = undefined
    this.ended()
    this.shared.destroy()
  }

  hold(keepAlive: boolean): void {
    this.shared.hold(keepAlive)
  }

  private send(kind: number): void {
    this.shared.write([this.seal(kind, Buffer.alloc(0))])
  }

  private seal(kind: number, payload: Uint8Array): Buffer {
    return encodeParcel({ kind, stream: this.stream, offset: this.sent, payload })
  }

  private take({ kind, stream, offset, payload }: Parcel): void {
    if (!stream.equals(this.stream)) return
    if (kind === parcelKind.close) {
      this.ended()
      return this.shared.destroy()
    }
    if (offset !== this.received) return this.ended(protocolError('a piece of the stream is missing'))
    this.received = (this.received + payload.length) % 2 ** 32
    this.sink?.data(payload)
  }

  private ended(error?: Error): void {
    clearInterval(this.timer)
    this.timer = undefined
    const { sink } = this
    this.sink = undefined
    sink?.end(error)
  }
}
