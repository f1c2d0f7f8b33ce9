import { ContainersError } from '../errors/containers-error.js'
import { FrameParser } from './frame-parser.js'
import { FrameWriter } from './frame-writer.js'
import { decodeError, decodeHello, encodeHello, encodeSpawn } from './messages.js'
import type { SpawnRequest, SupervisorHello } from './messages.js'
import { Preamble } from './preamble.js'
import { protocolError } from './protocol-error.js'
import { answerType, frameType, maxRequestBytes, protocolVersions } from './protocol.js'
import { RemoteCommand } from './remote-command.js'
import type { RemoteCommandEvents } from './remote-command.js'
import type { Transport } from './transport.js'

/** What the owner of a connection is told; one of the two comes first, `lost` at most once. */
export interface ConnectionEvents {
  /** HELLO came, and a version in common was found. */
  ready(hello: SupervisorHello): void
  /** It ended, for whatever reason; its commands have been told already. */
  lost(error: ContainersError): void
}

/** One byte stream to a supervisor, carrying any number of commands. */
export class SupervisorConnection {
  private readonly commands = new Map<number, RemoteCommand>()
  private readonly parser = new FrameParser(this)
  private readonly frames: FrameWriter
  private preamble: Preamble | undefined = new Preamble()
  private lastNumber = 0
  private over: ContainersError | undefined
  private heard = false

  constructor(
    private readonly transport: Transport,
    private readonly events: ConnectionEvents,
  ) {
    this.frames = new FrameWriter((pieces) => transport.write(pieces))
    transport.open({ data: (bytes) => this.receive(bytes), end: (error) => this.ended(error) })
  }

  get isOpen(): boolean {
    return this.over === undefined && this.preamble === undefined
  }

  /** Sends SPAWN; on a connection that is over the command is lost at once. Throws `INVALID_OPTION` when argv and environment do not fit into one frame. */
  spawn(request: SpawnRequest, events: RemoteCommandEvents): RemoteCommand {
    const payload = encodeSpawn(request)
    if (payload.length > maxRequestBytes) throw tooLarge(payload.length)
    const number = this.freeNumber()
    const command = new RemoteCommand(number, request.windowBytes, this.frames, events)
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

  /** Our end-of-file: the supervisor kills what still runs on this connection and ends it. */
  end(): void {
    this.transport.end()
  }

  /** Gives the connection up. */
  abandon(error: ContainersError): void {
    this.fail(error)
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

  private receive(bytes: Uint8Array): void {
    if (this.over) return
    this.heard = true
    let chunk = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    try {
      if (this.preamble) {
        const rest = this.preamble.push(chunk)
        if (rest === false)
          throw protocolError(`it did not say HELLO but ${JSON.stringify(this.preamble.text)}`)
        if (rest === undefined) return
        chunk = rest
      }
      this.parser.push(chunk)
    } catch (error) {
      this.fail(error instanceof ContainersError ? error : protocolError(String(error)))
    }
  }

  private ownFrame(type: number, payload: Buffer): void {
    if (type === answerType.hello) this.hello(payload)
    else if (type === answerType.error)
      throw protocolError(`it ended the connection: ${decodeError(payload)}`)
    else if (type !== answerType.pong)
      throw protocolError(`a frame of type 0x${type.toString(16)} for no command`)
  }

  private hello(payload: Buffer): void {
    if (!this.preamble) throw protocolError('a second HELLO')
    const { highest, lowest, hello } = decodeHello(payload)
    if (highest < protocolVersions.lowest || lowest > protocolVersions.highest) {
      throw new ContainersError(
        'SUPERVISOR_PROTOCOL',
        `The supervisor ${hello.supervisorVersion} speaks protocol versions ${lowest} to ${highest}, this library ` +
          `${protocolVersions.lowest} to ${protocolVersions.highest}. Recreate the container, or use the library's version that made it.`,
        { details: { lowest, highest } },
      )
    }
    this.preamble = undefined
    this.frames.frame(frameType.hello, 0, 0, encodeHello())
    this.transport.hold(false)
    this.events.ready(hello)
  }

  private ended(error?: Error): void {
    let torn: unknown = error
    try {
      this.parser.end()
    } catch (reason) {
      torn ??= reason
    }
    const said = this.preamble?.text
    const how = said ? `: ${said}` : torn instanceof Error ? `: ${torn.message}` : ''
    this.fail(
      new ContainersError('CONNECTION_LOST', `The connection to the supervisor ended${how}.`, {
        cause: torn,
        details: { said: said ?? '' },
      }),
    )
  }

  private fail(error: ContainersError): void {
    if (this.over) return
    this.over = error
    this.transport.destroy()
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

function tooLarge(bytes: number): ContainersError {
  return new ContainersError(
    'INVALID_OPTION',
    `argv and env must fit into ${maxRequestBytes} bytes together, got ${bytes}. Pass large input through stdin or a file.`,
    { details: { option: 'argv', rule: 'size' } },
  )
}
