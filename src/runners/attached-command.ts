import type { Command } from '../command/command.js'
import type { AttachCommandOptions } from '../command/detached.js'
import { planSpawn, type SpawnPlan } from '../command/spawn-plan.js'
import { ContainersError } from '../errors/containers-error.js'
import { invalidOption } from '../errors/invalid-option.js'
import { createDeferred } from '../internal/deferred.js'
import type { SecretEvent } from '../events/secret-events.js'
import { errnoName } from '../model/errno.js'
import type { SecretStore } from '../ports/secret-store.js'
import type { SupervisorConnection } from '../supervisor/connection.js'
import type { Attachment } from '../supervisor/lookup.js'
import type { ExitRecord, SpawnFailure } from '../supervisor/messages.js'
import { stderrChannel, stdoutChannel, type OutputChannel } from '../supervisor/protocol.js'
import type { RemoteCommand } from '../supervisor/remote-command.js'
import type { PlaceDefaults } from './place.js'
import type { CommandOwner } from './command-tools.js'
import { notInDetached } from './secrets/not-in-detached.js'
import { heldIn, readNote, type SecretNote } from './secrets/secret-note.js'
import { SupervisedCommand } from './supervised-command.js'
import { neverRan } from './to-command-exit.js'

/** An attach call. */
export interface AttachCall {
  readonly id: string
  readonly from: [stdout: number, stderr: number]
  readonly options: AttachCommandOptions
  readonly secretStore: SecretStore | undefined
  tell(event: SecretEvent): void
}

/** A detached command that somebody else started, from the attach call on. */
export class AttachedCommand extends SupervisedCommand {
  private readonly found = createDeferred<Command>()
  private readonly program: string[]
  private note: SecretNote | undefined
  /** Nobody is to have the handle any more. That the command has ended is no reason. */
  private readonly given = new AbortController()

  constructor(
    private readonly call: AttachCall,
    owner: CommandOwner,
  ) {
    const program: string[] = []
    super(planOf(call.id, program), owner, call.from)
    this.program = program
    this.found.promise.catch(() => {})
  }

  /** The handle, once the supervisor has found the command, and its output can be masked. */
  get whenFound(): Promise<Command> {
    return this.found.promise
  }

  /** Nobody waits for it any more. */
  giveUp(error: ContainersError): void {
    this.remote?.leave()
    this.refuse(error)
  }

  protected override sender(
    connection: SupervisorConnection,
    _defaults: PlaceDefaults,
    windowBytes: number,
  ): () => RemoteCommand {
    const { id, from } = this.call
    return () => connection.attach({ id, from, windowBytes }, this)
  }

  override cannotBegin(error: ContainersError): void {
    this.refuse(error)
  }

  async attached({ program, note, from }: Attachment): Promise<void> {
    this.program.push(program)
    try {
      // At once: what became of the secrets may be told in the very next frame.
      if (note) this.note = readNote(note)
      if (this.note) await this.readSecrets(this.note, from)
      this.found.resolve(this.handle)
    } catch (error) {
      this.giveUp(error as ContainersError)
    }
  }

  override data(channel: OutputChannel, bytes: Buffer): void {
    if (this.call.options.output === 'none') this.remote?.consumed(channel, bytes.length)
    else super.data(channel, bytes)
  }

  override secretsExpired(bits: bigint): void {
    const { id: runId, tell } = this.call
    if (this.note) tell({ type: 'expired', runId, secrets: heldIn(this.note.files, bits) })
  }

  override exit(record: ExitRecord): void {
    const { id: runId, tell } = this.call
    if (this.note && record.secrets) {
      const secrets = Object.keys(this.note.secrets)
      tell({ type: 'destroyed', runId, ...record.secrets, secrets })
    }
    super.exit(record)
  }

  override rotateSecret(name: string): Promise<void> {
    return Promise.reject(notInDetached(name))
  }

  override failed(failure: SpawnFailure): void {
    this.refuse(toAttachError(this.call.id, failure))
  }

  override lost(error: ContainersError): void {
    this.found.reject(error)
    this.given.abort(error)
    super.lost(error)
  }

  private async readSecrets(note: SecretNote, from: Attachment['from']): Promise<void> {
    const { id, options, secretStore } = this.call
    if (options.output === 'none') return
    const { maskOfNote } = await import('./secrets/mask-of-note.js')
    const mask = await maskOfNote(id, note, secretStore, this.given.signal)
    this.maskWith(mask)
    if (from[0] > 0) mask.output(stdoutChannel)?.cut()
    if (from[1] > 0) mask.output(stderrChannel)?.cut()
  }

  private refuse(error: ContainersError): void {
    this.found.reject(error)
    this.given.abort(error)
    this.settle(neverRan('spawnFailed', error.message), error)
  }
}

/** What its handle needs to know, though nothing is started. */
function planOf(id: string, argv: readonly string[]): SpawnPlan {
  return { ...planSpawn(['attach'], {}), id, detached: true, argv }
}

function toAttachError(id: string, { errno, text }: SpawnFailure): ContainersError {
  const name = errnoName(errno)
  const details = { id, errno: name }
  const what = `Command ${JSON.stringify(id)}`
  if (name === 'ENOENT') return commandNotFound(id)
  if (name === 'ERANGE') {
    return invalidOption('fromStdoutByte or fromStderrByte', `is beyond what ${what} has printed`, id)
  }
  const why = name === 'EPERM' ? 'is not detached, so only the runner that started it reads it' : text || name
  return new ContainersError('NOT_SUPPORTED', `${what} cannot be attached to: it ${why}.`, { details })
}

/** The error for an id that nobody has. */
export function commandNotFound(id: string): ContainersError {
  const message =
    `No command ${JSON.stringify(id)} runs or is kept here: it was never started, was forgotten, or ended with its ` +
    'container. list() has those that are there.'
  return new ContainersError('COMMAND_NOT_FOUND', message, { details: { id } })
}
