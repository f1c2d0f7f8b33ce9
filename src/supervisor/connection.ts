import type { ContainersError } from '../errors/containers-error.js'
import { createDeferred, type Deferred } from '../internal/deferred.js'
import { assertAble } from './abilities.js'
import { requestTooLarge } from './connection-errors.js'
import type { ConnectionEvents } from './connection-events.js'
import { SupervisorLink, type LinkOwner } from './link.js'
import { encodeSpawn, type SpawnRequest, type SupervisorHello } from './messages.js'
import { protocolError } from './protocol-error.js'
import { frameType, maxRequestBytes } from './protocol.js'
import { RemoteCommand, type RemoteCommandEvents } from './remote-command.js'
import type { SessionOptions } from './resume.js'
import { decodeSurvey, type SecretsSurvey } from './secret-frames.js'
import type { Transport } from './transport.js'

/** What a supervisor is asked for, over one stream, and another when that was lost: any number of commands. */
export class SupervisorConnection implements LinkOwner {
  private readonly commands = new Map<number, RemoteCommand>()
  private readonly link: SupervisorLink
  private readonly surveys: Deferred<SecretsSurvey>[] = []
  private lastNumber = 0

  constructor(
    transport: Transport,
    private readonly events: ConnectionEvents,
    options?: SessionOptions,
  ) {
    this.link = new SupervisorLink(transport, this, options)
  }

  /** Whether frames sent now go out now. */
  get isOpen(): boolean {
    return this.link.isOpen
  }

  get isOver(): boolean {
    return this.link.over !== undefined
  }

  /** Whether commands run on it. */
  get isBusy(): boolean {
    return this.commands.size > 0
  }

  /**
   * Sends SPAWN; on a connection that is over the command is lost at once. Throws `INVALID_OPTION` when argv and
   * environment do not fit into one frame, and `NOT_SUPPORTED` for what the running supervisor is too old for.
   */
  spawn(request: SpawnRequest, events: RemoteCommandEvents): RemoteCommand {
    const payload = encodeSpawn(request)
    if (payload.length > maxRequestBytes) throw requestTooLarge(payload.length)
    const { over } = this.link
    if (!over) assertAble(request, this.link.version)
    const number = this.freeNumber()
    const command = new RemoteCommand(number, request, this.link.frames, events)
    if (over) {
      queueMicrotask(() => command.lost(over))
      return command
    }
    this.link.frames.frame(frameType.spawn, 0, number, payload)
    if (this.commands.size === 0) this.link.hold(true)
    this.commands.set(number, command)
    return command
  }

  /** Asks what lies in the folders of secrets. Rejects when the connection is lost. */
  surveySecrets(): Promise<SecretsSurvey> {
    const { over } = this.link
    if (over) return Promise.reject(over)
    const survey = createDeferred<SecretsSurvey>()
    this.surveys.push(survey)
    this.link.frames.frame(frameType.secret, 0, 0)
    return survey.promise
  }

  /** Asks for a sign of life. */
  ping(): void {
    this.link.frames.frame(frameType.ping, 0, 0, Buffer.alloc(8))
  }

  /** Whether anything was heard since the last time this was asked. */
  takeHeard(): boolean {
    return this.link.takeHeard()
  }

  /** Our goodbye and end-of-file: the supervisor kills what still runs on this connection and ends it. */
  end(): void {
    this.link.end()
  }

  /** Gives the stream up, as one that is dead without having ended. */
  interrupt(error: ContainersError): void {
    this.link.dropped(error)
  }

  /** Gives the connection up. */
  abandon(error: ContainersError): void {
    this.link.fail(error)
  }

  /**
   * Goes on over another stream. Rejects with `CONNECTION_LOST` when that was lost as well; `details.gone` says that
   * no other stream will do.
   */
  resume(transport: Transport): Promise<void> {
    return this.link.resume(transport)
  }

  /** For the link. */
  frame(type: number, channel: number, number: number, payload: Buffer): void {
    const command = this.known(number)
    if (!command.frame(type, channel, payload)) return
    this.commands.delete(number)
    if (this.commands.size === 0) this.link.hold(false)
  }

  /** For the link. */
  data(channel: number, number: number, bytes: Buffer): void {
    this.known(number).data(channel, bytes)
  }

  /** For the link. */
  surveyed(payload: Buffer): void {
    this.surveys.shift()?.resolve(decodeSurvey(payload))
  }

  /** For the link. */
  ready(hello: SupervisorHello): void {
    this.events.ready(hello)
  }

  /** For the link. */
  interrupted(error: ContainersError): void {
    this.events.interrupted(error)
  }

  /** For the link. */
  lost(error: ContainersError): void {
    const commands = [...this.commands.values()]
    this.commands.clear()
    for (const command of commands) command.lost(error)
    for (const survey of this.surveys.splice(0)) survey.reject(error)
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
