import { ContainersError } from '../errors/containers-error.js'
import { createDeferred, type Deferred } from '../internal/deferred.js'
import { sessionGone, streamEnded, versionUnknown } from './connection-errors.js'
import type { ConnectionEvents } from './connection-events.js'
import { FrameParser, type FrameSink } from './frame-parser.js'
import { encodeFrame, FrameWriter } from './frame-writer.js'
import { Greeting } from './greeting.js'
import { decodeError, decodeGone, decodeHello, decodeOffset, encodeHello, encodeOffset } from './messages.js'
import { protocolError } from './protocol-error.js'
import { answerType, frameType, protocolVersions } from './protocol.js'
import { Session, type SessionOptions } from './resume.js'
import type { Transport } from './transport.js'

/** How long what was received may stay unacknowledged, so that the supervisor need not keep it. */
const ackMs = 100

/** Who uses a link: takes the frames that are not the link's own. */
export interface LinkOwner extends FrameSink, ConnectionEvents {
  /** Whether anything still waits for the supervisor, so that a lost stream is worth another. */
  readonly isBusy: boolean
  /** What lies in the folders of secrets, since that was asked for. */
  surveyed(payload: Buffer): void
}

/** A byte stream to a supervisor, and another when that was lost: greets, and counts what a session counts. */
export class SupervisorLink implements FrameSink {
  readonly frames = new FrameWriter((pieces) => this.send(pieces))
  private readonly parser = new FrameParser(this)
  private transport!: Transport
  private greeting: Greeting | undefined
  private session: Session | undefined
  private resuming: Deferred<void> | undefined
  private ackTimer: NodeJS.Timeout | undefined
  private failure: ContainersError | undefined
  private protocol = 0
  /** Frames may go out on the stream that there is. */
  private flowing = false
  private ending = false
  private heard = false

  constructor(
    transport: Transport,
    private readonly owner: LinkOwner,
    private readonly options?: SessionOptions,
    private readonly silenceMs = 0,
  ) {
    this.attach(transport)
  }

  /** Whether frames sent now go out now. */
  get isOpen(): boolean {
    return !this.failure && this.flowing
  }

  isOn(transport: Transport): boolean {
    return this.transport === transport
  }

  /** Why it is over, once it is. */
  get over(): ContainersError | undefined {
    return this.failure
  }

  /** The protocol version in force; 0 until the supervisor has said HELLO. */
  get version(): number {
    return this.protocol
  }

  /** Whether anything was heard since the last time this was asked. */
  takeHeard(): boolean {
    const heard = this.heard
    this.heard = false
    return heard
  }

  /** Whether the open stream keeps this process alive. */
  hold(keepAlive: boolean): void {
    this.transport.hold(keepAlive)
  }

  /** Our goodbye and end-of-file. */
  end(): void {
    this.ending = true
    if (this.session) this.frames.frame(frameType.bye, 0, 0)
    this.frames.flush()
    if (this.flowing) this.transport.end()
    else this.fail(new ContainersError('CONNECTION_LOST', 'The connection was closed while it was lost.'))
  }

  /** Goes on over another stream; see {@link SupervisorConnection.resume}. */
  resume(transport: Transport): Promise<void> {
    if (this.failure) {
      transport.destroy()
      return Promise.reject(this.failure)
    }
    this.flowing = false
    this.transport.destroy()
    this.resuming = createDeferred<void>()
    this.attach(transport)
    return this.resuming.promise
  }

  /** The stream is no more; whether the connection goes on is the owner's affair. */
  dropped(error: ContainersError): void {
    if (this.failure) return
    if (this.resuming) return this.failedToResume(error)
    if (!this.session || !this.owner.isBusy || this.ending) return this.fail(error)
    if (!this.flowing) return
    this.flowing = false
    this.transport.destroy()
    this.owner.interrupted(error)
  }

  /** Gives it up. */
  fail(error: ContainersError): void {
    if (this.failure) return
    this.failure = error
    this.flowing = false
    clearTimeout(this.ackTimer)
    this.transport.destroy()
    this.resuming?.reject(error)
    this.owner.lost(error)
  }

  /** For the parser. */
  frame(type: number, channel: number, number: number, payload: Buffer): void {
    if (number === 0) this.ownFrame(type, payload)
    else this.owner.frame(type, channel, number, payload)
  }

  /** For the parser. */
  data(channel: number, number: number, bytes: Buffer): void {
    this.owner.data(channel, number, bytes)
  }

  private attach(transport: Transport): void {
    this.transport = transport
    this.greeting = new Greeting((type, payload) => this.greeted(type, payload))
    const isCurrent = () => this.transport === transport
    transport.open({
      data: (bytes) => void (isCurrent() && this.receive(bytes)),
      end: (error) => void (isCurrent() && this.ended(error)),
    })
  }

  private receive(bytes: Uint8Array): void {
    if (this.failure) return
    this.heard = true
    let chunk = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    try {
      if (this.greeting) {
        const rest = this.greeting.push(chunk)
        if (rest === undefined) return
        this.greeting = undefined
        chunk = rest
      }
      if (this.session) this.count(this.session, chunk.length)
      this.parser.push(chunk)
    } catch (error) {
      this.failed(error instanceof ContainersError ? error : protocolError(String(error)))
    }
  }

  private count(session: Session, bytes: number): void {
    session.received += bytes
    if (session.isAckDue(true)) this.acknowledge(session)
    else this.ackTimer ??= setTimeout(() => this.acknowledge(session), ackMs).unref()
  }

  private acknowledge(session: Session): void {
    clearTimeout(this.ackTimer)
    this.ackTimer = undefined
    if (session.hasNews && this.flowing) {
      this.frames.frame(frameType.ack, 0, 0, encodeOffset(session.takeAck()))
    }
  }

  private send(pieces: readonly Uint8Array[]): void {
    const { session } = this
    if (!session) return this.transport.write(pieces)
    const due = this.flowing && session.isAckDue(false)
    const all = due ? [...pieces, encodeFrame(frameType.ack, 0, 0, encodeOffset(session.takeAck()))] : pieces
    session.sent(all)
    if (this.flowing) this.transport.write(all)
  }

  private ownFrame(type: number, payload: Buffer): void {
    if (type === answerType.ack && this.session) this.session.acknowledge(decodeOffset(payload))
    else if (type === answerType.hello) throw protocolError('a second HELLO')
    else if (type === answerType.secret) this.owner.surveyed(payload)
    else if (type === answerType.error)
      throw protocolError(`it ended the connection: ${decodeError(payload)}`)
    else if (type !== answerType.pong)
      throw protocolError(`a frame of type 0x${type.toString(16)} for no command`)
  }

  /** A frame of the greeting; true when another one is to come. */
  private greeted(type: number, payload: Buffer): boolean {
    if (type === answerType.hello) return this.hello(payload)
    if (type === answerType.gone) throw sessionGone(decodeGone(payload))
    if (type !== answerType.resumed || !this.session) {
      this.ownFrame(type, payload)
      return true
    }
    this.session.isKnown = true
    if (this.resuming) this.resumed(this.session.unsent(decodeOffset(payload)))
    return false
  }

  private hello(payload: Buffer): boolean {
    const { highest, lowest, hello } = decodeHello(payload)
    if (highest < protocolVersions.lowest || lowest > protocolVersions.highest)
      throw versionUnknown(hello, lowest, highest)
    const isFirst = !this.session
    if (this.session && this.session.instance !== hello.instance)
      throw sessionGone('the supervisor is another one by now', { replaced: true })
    if (this.options && hello.instance !== undefined)
      this.session ??= new Session(this.options, hello.instance)
    this.protocol = hello.protocol
    const answer = encodeHello(this.session?.request(), this.silenceMs)
    this.transport.write([encodeFrame(frameType.hello, 0, 0, answer)])
    if (isFirst) {
      this.flowing = true
      this.transport.hold(false)
      this.owner.ready(hello)
    }
    return this.session !== undefined
  }

  private resumed(unsent: readonly Uint8Array[]): void {
    const { resuming } = this
    this.resuming = undefined
    if (unsent.length > 0) this.transport.write(unsent)
    this.flowing = true
    this.transport.hold(this.owner.isBusy)
    resuming?.resolve()
  }

  private ended(error?: Error): void {
    let torn: unknown = error
    try {
      if (!this.session) this.parser.end()
      if (this.greeting?.isTorn) throw protocolError('the stream ended inside a frame')
    } catch (reason) {
      torn ??= reason
    }
    this.dropped(streamEnded(this.greeting?.said ?? '', torn))
  }

  private failedToResume(error: ContainersError): void {
    const { resuming } = this
    this.resuming = undefined
    this.transport.destroy()
    resuming?.reject(error)
  }

  private failed(error: ContainersError): void {
    if (this.resuming) this.failedToResume(error)
    else this.fail(error)
  }
}
