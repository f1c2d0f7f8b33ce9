import type { ContainersError } from '../errors/containers-error.js'
import { createDeferred, type Deferred } from '../internal/deferred.js'
import { assertAble, assertVersion } from './abilities.js'
import { requestTooLarge } from './connection-errors.js'
import type { ConnectionEvents } from './connection-events.js'
import { SupervisorLink, type LinkOwner } from './link.js'
import {
  decodeForgotten, decodeListed, encodeAttach, encodeForget, encodeLease,
} from './lookup.js' // prettier-ignore
import type { AttachRequest, LeaseRequest, ListedRecord } from './lookup.js'
import { encodeSpawn, type SpawnRequest, type SupervisorHello } from './messages.js'
import { protocolError } from './protocol-error.js'
import { answerType, frameType, maxRequestBytes } from './protocol.js'
import { Question, type NumberOwner } from './question.js'
import { RemoteCommand, type Outputs, type RemoteCommandEvents } from './remote-command.js'
import type { SessionOptions } from './resume.js'
import { decodeSurvey, type SecretsSurvey } from './secret-frames.js'
import type { Transport } from './transport.js'

/** What a supervisor is asked for, over one stream, and another when that was lost: any number of commands. */
export class SupervisorConnection implements LinkOwner {
  /** Commands and questions, by their numbers. */
  private readonly owners = new Map<number, NumberOwner>()
  /** The supervisor gives one list at a time. */
  private listed: Promise<unknown> = Promise.resolve()
  private readonly link: SupervisorLink
  private readonly surveys: Deferred<SecretsSurvey>[] = []
  private lastNumber = 0

  constructor(
    transport: Transport,
    private readonly events: ConnectionEvents,
    options?: SessionOptions,
    silenceMs?: number,
  ) {
    this.link = new SupervisorLink(transport, this, options, silenceMs)
  }

  /** Whether frames sent now go out now. */
  get isOpen(): boolean {
    return this.link.isOpen
  }

  /** Whether it goes over that stream, or went over it last. */
  isOn(transport: Transport): boolean {
    return this.link.isOn(transport)
  }

  get isOver(): boolean {
    return this.over !== undefined
  }

  /** Why it is over, once it is. */
  get over(): ContainersError | undefined {
    return this.link.over
  }

  /** Whether commands run on it, or answers are to come. */
  get isBusy(): boolean {
    return this.owners.size > 0
  }

  /**
   * Sends SPAWN; on a connection that is over the command is lost at once. Throws `INVALID_OPTION` when argv and
   * environment do not fit into one frame, and `NOT_SUPPORTED` for what the running supervisor is too old for.
   */
  spawn(request: SpawnRequest, events: RemoteCommandEvents): RemoteCommand {
    const payload = encodeSpawn(request)
    if (payload.length > maxRequestBytes) throw requestTooLarge(payload.length)
    if (!this.link.over) assertAble(request, this.link.version)
    return this.follow(frameType.spawn, payload, request, events)
  }

  /** Sends ATTACH, for a command that another connection started. Throws `NOT_SUPPORTED` where there are none. */
  attach(request: AttachRequest, events: RemoteCommandEvents): RemoteCommand {
    this.assertKeeps()
    return this.follow(
      frameType.attach,
      encodeAttach(request),
      { ...request, detached: true, thirdOutput: false },
      events,
    )
  }

  /** What runs and what is kept. Rejects with `CONNECTION_LOST`, and `NOT_SUPPORTED` as `attach`. */
  async list(): Promise<readonly ListedRecord[]> {
    this.assertKeeps()
    const before = this.listed
    const done = createDeferred<void>()
    this.listed = done.promise
    try {
      await before
      const found: ListedRecord[] = []
      const question = new Question(answerType.listed, (payload) => {
        if (payload.length === 0) return { answer: found }
        found.push(decodeListed(payload))
        return undefined
      })
      return await this.ask(frameType.list, Buffer.alloc(0), question)
    } finally {
      done.resolve()
    }
  }

  /** What FORGET is answered with. Rejects as `list`. */
  async forget(id: string): Promise<number> {
    this.assertKeeps()
    const take = (payload: Buffer) => ({ answer: decodeForgotten(payload) })
    return this.ask(frameType.forget, encodeForget(id), new Question(answerType.forgotten, take))
  }

  /** Sends LEASE, which only process 1 takes. */
  lease(request: LeaseRequest): void {
    assertVersion('leases', 2, this.link.version)
    this.link.frames.frame(frameType.lease, 0, 0, encodeLease(request))
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
   * Goes on over another stream, whether the one before was lost or is to be left. Rejects with `CONNECTION_LOST` when that was lost as well; `details.gone` says that
   * no other stream will do.
   */
  resume(transport: Transport): Promise<void> {
    return this.link.resume(transport)
  }

  /** For the link. */
  frame(type: number, channel: number, number: number, payload: Buffer): void {
    if (!this.known(number).frame(type, channel, payload)) return
    this.owners.delete(number)
    if (this.owners.size === 0) this.link.hold(false)
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
    const owners = [...this.owners.values()]
    this.owners.clear()
    for (const owner of owners) owner.lost(error)
    for (const survey of this.surveys.splice(0)) survey.reject(error)
    this.events.lost(error)
  }

  private assertKeeps(): void {
    if (!this.link.over) assertVersion('detached commands', 2, this.link.version)
  }

  private follow(
    type: number,
    payload: Buffer,
    outputs: Outputs,
    events: RemoteCommandEvents,
  ): RemoteCommand {
    const number = this.freeNumber()
    const command = new RemoteCommand(number, outputs, this.link.frames, events)
    this.begin(type, payload, number, command)
    return command
  }

  private ask<T>(type: number, payload: Buffer, question: Question<T>): Promise<T> {
    this.begin(type, payload, this.freeNumber(), question)
    return question.answer
  }

  private begin(type: number, payload: Buffer, number: number, owner: NumberOwner): void {
    const { over } = this.link
    if (over) return queueMicrotask(() => owner.lost(over))
    this.link.frames.frame(type, 0, number, payload)
    if (this.owners.size === 0) this.link.hold(true)
    this.owners.set(number, owner)
  }

  private known(number: number): NumberOwner {
    const owner = this.owners.get(number)
    if (!owner) throw protocolError(`a frame for command ${number}, which does not run`)
    return owner
  }

  private freeNumber(): number {
    do this.lastNumber = (this.lastNumber % 0xffff_ffff) + 1
    while (this.owners.has(this.lastNumber))
    return this.lastNumber
  }
}
