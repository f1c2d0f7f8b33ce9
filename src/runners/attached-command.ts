import type { Command } from '../command/command.js'
import { planSpawn, type SpawnPlan } from '../command/spawn-plan.js'
import { ContainersError } from '../errors/containers-error.js'
import { invalidOption } from '../errors/invalid-option.js'
import { createDeferred } from '../internal/deferred.js'
import { errnoName } from '../model/errno.js'
import type { SupervisorConnection } from '../supervisor/connection.js'
import type { Attachment } from '../supervisor/lookup.js'
import type { SpawnFailure } from '../supervisor/messages.js'
import type { RemoteCommand } from '../supervisor/remote-command.js'
import type { PlaceDefaults } from './place.js'
import type { CommandOwner } from './command-tools.js'
import { SupervisedCommand } from './supervised-command.js'
import { neverRan } from './to-command-exit.js'

/** A detached command that somebody else started, from the attach call on. */
export class AttachedCommand extends SupervisedCommand {
  private readonly found = createDeferred<Command>()
  private readonly program: string[]

  constructor(
    private readonly id: string,
    private readonly from: [stdout: number, stderr: number],
    owner: CommandOwner,
  ) {
    const program: string[] = []
    super(planOf(id, program), owner, from)
    this.program = program
    this.found.promise.catch(() => {})
  }

  /** The handle, once the supervisor has found the command. */
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
    return () => connection.attach({ id: this.id, from: this.from, windowBytes }, this)
  }

  override cannotBegin(error: ContainersError): void {
    this.refuse(error)
  }

  attached({ program }: Attachment): void {
    this.program.push(program)
    this.found.resolve(this.handle)
  }

  override failed(failure: SpawnFailure): void {
    this.refuse(toAttachError(this.id, failure))
  }

  override lost(error: ContainersError): void {
    this.found.reject(error)
    super.lost(error)
  }

  private refuse(error: ContainersError): void {
    this.found.reject(error)
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
