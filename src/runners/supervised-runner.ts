import type { Command } from '../command/command.js'
import type { RunOptions, SpawnOptions } from '../command/command-options.js'
import type { CommandResult } from '../command/command-result.js'
import type { CommandRunner, RunnerCapabilities } from '../command/command-runner.js'
import { runCommand } from '../command/run-command.js'
import { defaultTimeoutBounds, planSpawn, type TimeoutBounds } from '../command/spawn-plan.js'
import { ContainersError } from '../errors/containers-error.js'
import { invalidOption } from '../errors/invalid-option.js'
import { connectPlace, type ConnectedPlace } from './connect-place.js'
import { defaultHeartbeatMs, watchHeartbeat } from './heartbeat.js'
import type { StreamOpener } from './place.js'
import { SupervisedCommand } from './supervised-command.js'

/** How many bytes of one stream may be on their way or wait for their reader. */
const defaultWindowBytes = 1024 * 1024
/** How long a supervisor may take, beyond the grace, to say that a command is over. */
const farewellMs = 5_000

/** What every supervised runner may be given. */
export interface SupervisedRunnerOptions {
  /** The least and most that `timeoutMs` may be. Default: 1,000 to 3,600,000. */
  timeoutBoundsMs?: TimeoutBounds
  /** Bytes of one output stream that may wait for a slow reader before the process itself waits. Default: 1 MiB. */
  windowBytes?: number
  /**
   * How long a supervisor whose commands run may be silent before it is asked for a sign of life, and again before
   * its connection is given up, in milliseconds. Default: 15,000.
   */
  heartbeatMs?: number
}

/**
 * Commands over one stream to a supervisor. The stream is opened at the first spawn and again when it was lost; the
 * commands of a lost stream end with it.
 */
export class SupervisedRunner implements CommandRunner {
  private readonly commands = new Set<SupervisedCommand>()
  private readonly closing = new AbortController()
  private readonly windowBytes: number
  private place: ConnectedPlace | undefined
  private opening = false
  private waiting: SupervisedCommand[] = []
  private closed: Promise<void> | undefined

  constructor(
    private readonly open: StreamOpener,
    readonly capabilities: RunnerCapabilities,
    private readonly options: SupervisedRunnerOptions = {},
  ) {
    this.windowBytes = options.windowBytes ?? defaultWindowBytes
    checkRange('windowBytes', this.windowBytes, 4096, 64 * 1024 * 1024)
    checkRange('heartbeatMs', options.heartbeatMs ?? defaultHeartbeatMs, 10, 3_600_000)
    const { minimum, maximum } = options.timeoutBoundsMs ?? defaultTimeoutBounds
    checkRange('timeoutBoundsMs.minimum', minimum, 1, maximum)
  }

  spawn(argv: readonly string[], options: SpawnOptions = {}): Command {
    if (this.closed) throw new ContainersError('CLOSED', 'The runner was closed; make another one.')
    const plan = planSpawn(argv, options, this.options.timeoutBoundsMs)
    const command = new SupervisedCommand(plan, (settled) => this.commands.delete(settled))
    if (command.handle.isSettled) return command.handle
    this.commands.add(command)
    if (this.place?.connection.isOpen) this.begin(command, this.place)
    else this.waitForPlace(command)
    return command.handle
  }

  run(argv: readonly string[], options: RunOptions = {}): Promise<CommandResult> {
    return runCommand((argv, options) => this.spawn(argv, options), argv, options)
  }

  close(): Promise<void> {
    return (this.closed ??= this.closeNow())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  private begin(command: SupervisedCommand, { connection, place }: ConnectedPlace): void {
    command.begin(connection, place.defaults, this.windowBytes, (lost) => this.explain(place, lost))
  }

  private waitForPlace(command: SupervisedCommand): void {
    this.waiting.push(command)
    if (this.opening) return
    this.opening = true
    connectPlace(this.open, this.closing.signal).then(
      (connected) => {
        this.opening = false
        this.place = connected
        watchHeartbeat(connected, this.options.heartbeatMs ?? defaultHeartbeatMs)
        for (const command of this.waiting.splice(0)) this.begin(command, connected)
      },
      (error: ContainersError) => {
        this.opening = false
        for (const command of this.waiting.splice(0)) command.cannotBegin(error)
      },
    )
  }

  /** Several commands of one lost stream are told the same, and the place is asked once. */
  private readonly explanations = new WeakMap<
    ContainersError,
    ReturnType<ConnectedPlace['place']['explainLoss']>
  >()

  private explain(place: ConnectedPlace['place'], lost: ContainersError) {
    const known = this.explanations.get(lost) ?? place.explainLoss(lost)
    this.explanations.set(lost, known)
    return known
  }

  private async closeNow(): Promise<void> {
    const commands = [...this.commands]
    const graceMs = Math.max(0, ...commands.map((command) => command.graceMs))
    const late = setTimeout(() => this.abandon(), graceMs + farewellMs)
    await Promise.all(commands.map(({ handle }) => handle.close()))
    clearTimeout(late)
    this.closing.abort()
    this.place?.connection.end()
  }

  private abandon(): void {
    this.closing.abort()
    const message =
      'The runner was closed, and the supervisor did not say in time what became of its commands.'
    this.place?.connection.abandon(new ContainersError('CONNECTION_LOST', message))
  }
}

function checkRange(option: string, value: number, least: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return
  throw invalidOption(option, `must be a whole number from ${least} to ${most}`, value)
}
