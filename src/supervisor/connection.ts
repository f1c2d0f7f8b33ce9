import { ContainersError } from '../errors/containers-error.js'
import { createDeferred, type Deferred } from '../internal/deferred.js'
import { requestTooLarge, sessionGone, streamEnded, versionUnknown } from './connection-errors.js'
import type { ConnectionEvents } from './connection-events.js'
import { FrameParser } from './frame-parser.js'
import { encodeFrame, FrameWriter } from './frame-writer.js'
import { Greeting } from './greeting.js'
import {
  decodeError, decodeGone, decodeHello, decodeOffset, encodeHello, encodeOffset, encodeSpawn,
} from './messages.js' // prettier-ignore
import type { SpawnRequest } from './messages.js'
import { protocolError } from './protocol-error.js'
import { answerType, frameType, maxRequestBytes, protocolVersions } from './protocol.js'
import { RemoteCommand } from './remote-command.js'
import type { RemoteCommandEvents } from './remote-command.js'
import { Session, type SessionOptions } from './resume.js'
import type { Transport } from './transport.js'

/** How long what was received may stay unacknowledged, so that the supervisor need not keep it. */
const ackMs = 100

/** A byte stream to a supervisor, and another when that was lost, carrying any number of commands. */
export class SupervisorConnection {
  private readonly commands = new Map<number, RemoteCommand>()
  private readonly parser = new FrameParser(this)
  private readonly frames = new FrameWriter((pieces) => this.send(pieces))
  private transport!: Transport
  private greeting: Greeting | undefined
  private session: Session | undefined
  private resuming: Deferred<void> | undefined
  private ackTimer: NodeJS.Timeout | undefined
  private lastNumber = 0
  private over: ContainersError | undefined
  /** Frames may go out on the stream that there is. */
  private flowing = false
  private ending = false
  private heard = false

  constructor(
    transport: Transport,
    private readonly events: ConnectionEvents,
    private readonly options?: SessionOptions,
  ) {
    this.attach(transport)
  }

  /** Whether frames sent now go out now. */
  get isOpen(): boolean {
    return !this.isOver && this.flowing
  }

  get isOver(): boolean {
    return this.over !== undefined
  }

  /** Sends SPAWN; on a connection that is over the command is lost at once. Throws `INVALID_OPTION` when argv and environment do not fit into one frame. */
  spawn(request: SpawnRequest, events: RemoteCommandEvents): RemoteCommand {
    const payload = encodeSpawn(request)
    if (payload.length > maxRequestBytes) throw requestTooLarge(payload.length)
    const number = this.freeNumber()
    const command = new RemoteCommand(number, request, this.frames, events)
    const { over } = this
    if (over) {
      queueMicrotask(() => command.lost(over))
      return command
    }
    this.frames.frame(frameType.spawn, 0, number, payload)
    if (this.commands.size === 0) this.transport.hold(true)
    this.commands.set(number, command)
    return command
  }

  /** Asks for a sign of life. */
  ping(): void {
    this.frames.frame(frameType.ping, 0, 0, Buffer.alloc(8))
  }

  /** Whether anything was heard since the last time this was asked. */
  takeHeard(): boolean {
    const heard = this.heard
    this.heard = false
    return heard
  }

  /** Whether commands run on it. */
  get isBusy(): boolean {
    return this.commands.size > 0
  }

  /** Our goodbye and end-of-file: the supervisor kills what still runs on this connection and ends it. */
  end(): void {
    this.ending = true
    if (this.session) this.frames.frame(frameType.bye, 0, 0)
    this.frames.flush()
    if (this.flowing) this.transport.end()
    else this.fail(new ContainersError('CONNECTION_LOST', 'The connection was closed while it was lost.'))
  }

  /** Gives the stream up, as one that is dead without having ended. */
  interrupt(error: ContainersError): void {
    this.dropped(error)
  }

  /** Gives the connection up. */
  abandon(error: ContainersError): void {
    this.fail(error)
  }

  /**
   * Goes on over another stream. Rejects with `CONNECTION_LOST` when that was lost as well; `details.gone` says that
   * no other stream will do.
   */
  resume(transport: Transport): Promise<void> {
    const { over } = this
    if (over) {
      transport.destroy()
      return Promise.reject(over)
    }
    this.resuming = createDeferred<void>()
    this.attach(transport)
    return this.resuming.promise
  }

  /** For the parser. */
  frame(type: number, channel: number, number: number, payload: Buffer): void {
    if (number === 0) return this.ownFrame(type, payload)
    const command = this.known(number)
    if (!command.frame(type, channel, payload)) return
    this.commands.delete(number)
    if (this.commands.size === 0) this.transport.hold(false)
  }

  /** For the parser. */
  data(channel: number, number: number, bytes: Buffer): void {
    this.known(number).data(channel, bytes)
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
    if (this.over) return
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
      throw sessionGone('the supervisor is another one by now')
    if (this.options && hello.instance !== undefined)
      this.session ??= new Session(this.options, hello.instance)
    const answer = encodeHello(this.session?.request())
    this.transport.write([encodeFrame(frameType.hello, 0, 0, answer)])
    if (isFirst) {
      this.flowing = true
      this.transport.hold(false)
      this.events.ready(hello)
    }
    return this.session !== undefined
  }

  private resumed(unsent: readonly Uint8Array[]): void {
    const { resuming } = this
    this.resuming = undefined
    if (unsent.length > 0) this.transport.write(unsent)
    this.flowing = true
    this.transport.hold(this.isBusy)
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

  /** The stream is no more; whether the connection goes on is the owner's affair. */
  private dropped(error: ContainersError): void {
    if (this.over) return
    if (this.resuming) return this.failedToResume(error)
    if (!this.session || !this.isBusy || this.ending) return this.fail(error)
    if (!this.flowing) return
    this.flowing = false
    this.transport.destroy()
    this.events.interrupted(error)
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

  private fail(error: ContainersError): void {
    if (this.over) return
    this.over = error
    this.flowing = false
    clearTimeout(this.ackTimer)
    this.transport.destroy()
    this.resuming?.reject(error)
    const commands = [...this.commands.values()]
    this.commands.clear()
    for (const command of commands) command.lost(error)
    this.events.lost(error)
  }

  private known(number: number): RemoteCommand {
    const command = this.commands.get(number)
    if (!command) throw protocolError(`a frame for command ${number}, which does not run`)
    return command
  }

  private freeNumber(): number {
    do this.lastNumber = (this.lastNumber % 0xffff_ffff) + 1
    while (this.commands.has(this.lastNumber))
    return this.lastNumber
  }
}
