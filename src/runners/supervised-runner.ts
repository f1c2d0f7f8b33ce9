import type { BuiltinOptions } from '../builtins/builtin.js'
import type { Command } from '../command/command.js'
import type { RunOptions, SpawnOptions } from '../command/command-options.js'
import type { CommandResult } from '../command/command-result.js'
import type { CommandRunner, RunnerCapabilities } from '../command/command-runner.js'
import { cannotDetach, checkId, planAttach } from '../command/detached-plan.js'
import type { AttachCommandOptions, ListedCommand } from '../command/detached.js'
import { runCommand } from '../command/run-command.js'
import type { LauncherOf } from '../command/launch.js'
import type { SessionHost } from '../sessions/command-session.js'
import type { Session, SessionOptions } from '../command/session.js'
import { planSpawn, type SpawnPlan } from '../command/spawn-plan.js'
import { ContainersError } from '../errors/containers-error.js'
import { invalidOption } from '../errors/invalid-option.js'
import type { SecretStore } from '../ports/secret-store.js'
import { abortable } from '../internal/abort.js'
import type { ConnectedPlace, KeepOptions } from './connect-place.js'
import type { OpenedPlace, StreamOpener } from './place.js'
import { planBuiltin } from './plan-builtin.js'
import { untilEnd, type CommandOwner } from './command-tools.js'
import { tellOf } from './secrets/tell-of.js'
import { SupervisedCommand } from './supervised-command.js'
import { keptBytes, planRunner, silenceMs, type SupervisedRunnerOptions } from './supervised-options.js'

/** How long a supervisor may take, beyond the grace, to say that a command is over. */
const farewellMs = 5_000

/** What is to be done when the place is reached, and when it cannot be. */
interface Waiting {
  begin(connected: ConnectedPlace): void
  cannotBegin(error: ContainersError): void
}

/**
 * Commands over one stream to a supervisor. The stream is opened at the first spawn and again when it was lost, with
 * the commands going on.
 */
export class SupervisedRunner implements CommandRunner {
  private readonly commands = new Set<SupervisedCommand>()
  private readonly closing = new AbortController()
  private readonly limits: ReturnType<typeof planRunner>
  private place: ConnectedPlace | undefined
  /** A stream is being opened, for the first time or again. */
  private opening = false
  private recovering = false
  private byShortcut = false
  private waiting: Waiting[] = []
  private closed: Promise<void> | undefined
  private readonly owner: CommandOwner = {
    settled: (settled) => void this.commands.delete(settled),
    builtin: (argv, options) => this.builtin(argv, options),
  }

  constructor(
    private readonly open: StreamOpener,
    readonly capabilities: RunnerCapabilities,
    private readonly options: SupervisedRunnerOptions = {},
  ) {
    this.limits = planRunner(options)
  }

  spawn(argv: readonly string[], options: SpawnOptions = {}): Command {
    const command = this.make(argv, options)
    this.start(command)
    return command.handle
  }

  /** Starts a function of the supervisor, as {@link StartBuiltin} says. */
  builtin(argv: readonly (string | Uint8Array)[], options: BuiltinOptions): Command {
    this.assertOpen()
    const command = this.made(planBuiltin(argv, options))
    this.start(command)
    return command.handle
  }

  run(argv: readonly string[], options: RunOptions = {}): Promise<CommandResult> {
    return runCommand((argv, options) => this.spawn(argv, options), argv, options)
  }

  /** Resolves when the place is reached, with its connection; rejects with what keeps it from being. */
  async connected(): Promise<ConnectedPlace> {
    this.assertOpen()
    if (this.place?.connection.isOpen) return this.place
    return new Promise((resolve, reject) => this.waitForPlace({ begin: resolve, cannotBegin: reject }))
  }

  async openSession(options: SessionOptions = {}): Promise<Session> {
    const { openSession } = await import('../sessions/open-session.js')
    const prepare: SessionHost['prepare'] = (argv, options, launcherOf) => {
      const command = this.make(argv, options, launcherOf)
      return { handle: command.handle, begin: () => this.start(command) }
    }
    return openSession({ prepare }, options)
  }

  async attach(id: string, options: AttachCommandOptions = {}): Promise<Command> {
    checkId(id)
    const from = planAttach(options)
    this.assertOpen()
    if (!this.capabilities.detached) throw cannotDetach()
    const { AttachedCommand } = await import('./attached-command.js')
    this.assertOpen()
    const { secretStore, onSecrets } = this.options
    const command = new AttachedCommand(
      { id, from, options, secretStore, tell: tellOf(onSecrets) },
      this.owner,
    )
    this.commands.add(command)
    this.reach(command)
    try {
      return await abortable(command.whenFound, 'Attaching', options.signal)
    } catch (error) {
      command.giveUp(error as ContainersError)
      throw error
    }
  }

  async list({ signal }: { signal?: AbortSignal } = {}): Promise<readonly ListedCommand[]> {
    const { connection } = await abortable(this.connected(), 'Listing', signal)
    const { listCommands } = await import('./lookup-commands.js')
    return abortable(listCommands(connection), 'Listing', signal)
  }

  async forget(id: string, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
    checkId(id)
    const { connection } = await abortable(this.connected(), 'Forgetting', signal)
    const { forgetCommand } = await import('./lookup-commands.js')
    await abortable(forgetCommand(connection, id), 'Forgetting', signal)
  }

  close(): Promise<void> {
    return (this.closed ??= this.closeNow())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  private assertOpen(): void {
    if (this.closed) throw new ContainersError('CLOSED', 'The runner was closed; make another one.')
  }

  private make(argv: readonly string[], options: SpawnOptions, launcherOf?: LauncherOf): SupervisedCommand {
    this.assertOpen()
    const plan = planSpawn(argv, options, this.options.timeoutBoundsMs)
    return this.made(launcherOf ? { ...plan, launcher: launcherOf(plan) } : plan)
  }

  private made(plan: SpawnPlan): SupervisedCommand {
    if (plan.secrets.length > 0 && !this.options.secretStore) {
      throw invalidOption('secretStore', 'must be given to a runner whose commands have secrets', undefined)
    }
    if (plan.detached && !this.capabilities.detached) throw cannotDetach()
    const command = new SupervisedCommand(plan, this.owner)
    if (!command.handle.isSettled) this.commands.add(command)
    return command
  }

  private start(command: SupervisedCommand): void {
    if (command.handle.isSettled) return
    if (command.plan.secrets.length > 0) void this.giveSecrets(command, command.plan)
    else this.reach(command)
  }

  private reach(command: SupervisedCommand): void {
    if (this.place?.connection.isOpen) this.begin(command, this.place)
    else {
      this.waitForPlace({
        begin: (connected) => this.begin(command, connected),
        cannotBegin: (error) => command.cannotBegin(error),
      })
    }
  }

  private async giveSecrets(command: SupervisedCommand, plan: SpawnPlan): Promise<void> {
    try {
      const { GivenSecrets } = await import('./secrets/given-secrets.js')
      const { secretStore: store, onSecrets } = this.options
      const { secrets: uses, env, detached } = plan
      const { handle } = command
      const context = {
        store: store as SecretStore,
        uses,
        env,
        runId: handle.id,
        detached,
        tell: tellOf(onSecrets),
      }
      command.give(await GivenSecrets.read(context, untilEnd(handle)))
    } catch (error) {
      return command.cannotBegin(error as ContainersError, 'secrets')
    }
    this.reach(command)
  }

  private begin(command: SupervisedCommand, { connection, place }: ConnectedPlace): void {
    command.begin(connection, place.defaults, this.limits.windowBytes, (lost) => this.explain(place, lost))
  }

  private waitForPlace(waiting: Waiting): void {
    this.waiting.push(waiting)
    if (!this.opening) this.connect()
  }

  private connect(): void {
    this.opening = true
    const { windowBytes, orphanGraceMs, heartbeatMs } = this.limits
    const keep: KeepOptions = {
      session: orphanGraceMs > 0 ? { orphanGraceMs, keepBytes: keptBytes(windowBytes) } : undefined,
      silenceMs: silenceMs(heartbeatMs),
      onInterrupted: (connected, lost) => void this.goOn(connected, lost),
    }
    this.connectPlace(keep).then(
      (connected) => this.beginWaiting(connected),
      (error: ContainersError) => {
        this.opening = false
        for (const waiting of this.waiting.splice(0)) waiting.cannotBegin(error)
      },
    )
  }

  private async connectPlace(keep: KeepOptions): Promise<ConnectedPlace> {
    const [{ connectPlace }, { watchHeartbeat }] = await Promise.all([
      import('./connect-place.js'),
      import('./heartbeat.js'),
    ])
    const connected = await connectPlace(this.open, this.closing.signal, keep)
    this.place = connected
    this.byShortcut = connected.place.isShortcut === true
    watchHeartbeat(connected, this.limits.heartbeatMs)
    void this.leaveShortcut(connected)
    return connected
  }

  private beginWaiting(connected: ConnectedPlace): void {
    this.opening = false
    for (const waiting of this.waiting.splice(0)) waiting.begin(connected)
  }

  private async leaveShortcut(connected: ConnectedPlace): Promise<void> {
    if (!connected.place.isShortcut) return
    const { openLasting } = await import('./open-lasting.js')
    const lasting = await openLasting(connected, this.open, this.closing.signal)
    const lost = new ContainersError('CONNECTION_LOST', 'The stream that was to take over was lost.')
    if (lasting) await this.goOn(connected, lost, lasting)
  }

  /** The stream was lost, or is a shortcut, which others may need: its commands go on over another. */
  private async goOn({ place, connection }: ConnectedPlace, lost: ContainersError, open = this.open) {
    if (this.recovering) return // whoever does sees to it that the connection is open or over
    this.recovering = this.opening = true
    const { recover } = await import('./recover.js')
    // One by turns, since where one fails, as an exec for want of memory, the other may do.
    const next: StreamOpener = (signal) => open(signal, (this.byShortcut = !this.byShortcut))
    let opened: OpenedPlace | undefined
    do opened = await recover(connection, next, lost, this.limits.orphanGraceMs, this.closing.signal)
    while (!connection.isOpen && !connection.isOver)
    this.recovering = this.opening = false
    const connected = { place: { ...place, ...opened }, connection }
    if (connection.isOpen) this.beginWaiting(connected)
    else if (this.waiting.length > 0) this.connect()
    void this.leaveShortcut(connected)
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
    const graceMs = Math.max(0, ...commands.map(({ plan }) => plan.graceMs))
    const late = setTimeout(() => this.abandon(), graceMs + farewellMs)
    await Promise.all(commands.map(({ handle }) => handle.close()))
    clearTimeout(late)
    this.place?.connection.end() // before the abort, or its goodbye would not go out
    this.closing.abort()
  }

  private abandon(): void {
    this.closing.abort()
    const message =
      'The runner was closed, and the supervisor did not say in time what became of its commands.'
    this.place?.connection.abandon(new ContainersError('CONNECTION_LOST', message))
  }
}
