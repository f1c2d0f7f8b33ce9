import { crypto } from '../internal/builtins.js'
import { CommandHandle } from '../command/command-handle.js'
import type { DescendantsReport } from '../command/command-exit.js'
import type { KillOptions, WaitForPortOptions } from '../command/command-options.js'
import type { StdinFeed } from '../command/command-stdin.js'
import type { SpawnPlan } from '../command/spawn-plan.js'
import { plannedStream } from '../command/output-plan.js'
import type { Launch, LaunchAnswer } from '../command/launch.js'
import { SpawnError, type SpawnStage } from '../command/spawn-error.js'
import type { ContainersError } from '../errors/containers-error.js'
import { invalidOption } from '../errors/invalid-option.js'
import { shielded } from '../internal/shielded.js'
import { createDeferred, type Deferred } from '../internal/deferred.js'
import { signalNumbers } from '../model/signal.js'
import type { TerminalSize } from '../model/terminal-size.js'
import type { ByteStream } from '../streaming/byte-stream.js'
import type { SupervisorConnection } from '../supervisor/connection.js'
import type { ExitRecord, KillReport, SpawnFailure } from '../supervisor/messages.js'
import {
  killCause, stderrChannel, stdoutChannel, thirdChannel, type OutputChannel,
} from '../supervisor/protocol.js' // prettier-ignore
import type { RemoteCommand, RemoteCommandEvents } from '../supervisor/remote-command.js'
import * as tools from './command-tools.js'
import type { CommandOwner, LossOf } from './command-tools.js'
import type { PlaceDefaults } from './place.js'
import type { GivenSecrets } from './secrets/given-secrets.js'
import type { OutputMask } from './secrets/output-mask.js'
import { launchOf, spawnRequest } from './spawn-request.js'
import { StallGuard } from './stall-guard.js'
import { feedStdin, stdinOf } from './feed-stdin.js'
import { neverRan, toCommandExit, toSpawnError } from './to-command-exit.js'

/** A command from its spawn call to its exit, before, while and after a connection carries it. */
export class SupervisedCommand implements RemoteCommandEvents {
  readonly handle: CommandHandle
  readonly resize: ((size: TerminalSize) => void) | undefined
  private readonly stdin: StdinFeed
  private readonly stdout: ByteStream
  private readonly stderr: ByteStream
  private readonly stalls: StallGuard
  protected remote: RemoteCommand | undefined
  private send: ((launch: Launch) => RemoteCommand) | undefined
  private launched: Launch | undefined
  private lossOf: LossOf | undefined
  private intent: 'killed' | 'aborted' | undefined
  private report: Deferred<DescendantsReport> | undefined
  private problem: string | undefined
  private secrets: GivenSecrets | undefined
  private mask: OutputMask | undefined
  /** All of stdin was handed over. */
  private readonly fed = createDeferred<void>()
  private readonly onAbort = (): void => void this.stop('aborted')

  /** `from`: where its outputs begin for us. */
  constructor(
    public plan: SpawnPlan,
    private readonly runner: CommandOwner,
    from: readonly [stdout: number, stderr: number] = [0, 0],
  ) {
    const { stdin, signal } = plan
    this.stdout = this.output(stdoutChannel, from[0])
    this.stderr = this.output(stderrChannel, from[1])
    if (stdin.kind === 'none') this.fed.resolve()
    this.stdin = stdinOf(stdin)
    this.resize = plan.terminal && ((size) => this.resizeTo(size))
    this.stalls = new StallGuard([this.stdout, this.stderr])
    this.handle = new CommandHandle(
      plan.id ?? crypto().randomUUID(),
      plan.argv,
      this.stdin.writable,
      { stdout: this.stdout, stderr: this.stderr, maxLineBytes: plan.output.maxLineBytes },
      this,
    )
    if (stdin.kind === 'stream') feedStdin(stdin.stream, this.stdin.writable, (why) => this.inputFailed(why))
    if (signal?.aborted) this.onAbort()
    else signal?.addEventListener('abort', this.onAbort, { once: true })
  }

  /** Before it begins: what it is given, and what its output is looked through for. */
  give(secrets: GivenSecrets): void {
    this.secrets = secrets
    this.maskWith(secrets.mask)
  }

  protected maskWith(mask: OutputMask): void {
    this.mask = mask
    mask.into([this.stdout, this.stderr], (channel, bytes) => this.remote?.consumed(channel, bytes))
  }

  /** The place can be reached: asks it to start the command. */
  begin(
    connection: SupervisorConnection,
    defaults: PlaceDefaults,
    windowBytes: number,
    lossOf: LossOf,
  ): void {
    if (this.handle.isSettled) return
    this.lossOf = lossOf
    this.send = this.sender(connection, defaults, windowBytes)
    if (!this.launch(launchOf(this.plan, defaults))) return
    if (this.plan.stdin.kind !== 'none') this.stdinOpen()
  }

  /** false: it could not even be asked for. */
  private launch(launch: Launch): boolean {
    this.launched = launch
    try {
      this.remote = this.send?.(launch)
      return true
    } catch (error) {
      this.cannotBegin(error as ContainersError)
      return false
    }
  }

  /** How the place is asked for it. */
  protected sender(
    connection: SupervisorConnection,
    defaults: PlaceDefaults,
    windowBytes: number,
  ): (launch: Launch) => RemoteCommand {
    return (launch) => {
      const secrets = this.secrets?.handOver()
      const request = spawnRequest(this.handle.id, this.plan, launch, defaults, windowBytes, secrets)
      return connection.spawn(request, this)
    }
  }

  /** The place cannot be reached. */
  cannotBegin(error: ContainersError, stage: SpawnStage = 'connect'): void {
    const { code, message, details } = error
    const problem = new SpawnError(stage, message, { code, cause: error, details })
    this.settle(neverRan('spawnFailed', message), problem)
  }

  kill(options: KillOptions): Promise<DescendantsReport> {
    const { signal, graceMs } = tools.checkKill(options, this.plan.graceMs)
    return this.stop('killed', signal, graceMs)
  }

  waitForPort(port: number, options: WaitForPortOptions): Promise<void> {
    return tools.waitForPort(this.handle, port, options, this.runner.builtin)
  }

  extendTimeout(ms: number): void {
    this.remote?.extend(tools.checkExtension(ms))
  }

  private resizeTo(size: TerminalSize): void {
    if (this.remote) this.remote.resize(size)
    else this.plan = { ...this.plan, terminal: size }
  }

  async rotateSecret(name: string): Promise<void> {
    const { secrets, remote } = this
    if (!secrets) throw invalidOption('name', 'must be a secret of this command', name)
    await secrets.rotate(name, (file) => remote?.replaceSecret(file) ?? Promise.resolve(undefined))
  }

  secretsExpired(bits: bigint): void {
    this.secrets?.expired(bits)
  }

  /** What closing the handle does: a detached command goes on, once it has started and has what it is to read. */
  async letGo(): Promise<unknown> {
    if (!this.plan.detached) return this.stop('killed')
    await tools.handedOver(this.handle, this.fed.promise)
    this.remote?.leave()
    return this.settle(tools.letGoExit)
  }

  started(): void {
    this.secrets?.delivered()
    this.handle.markStarted()
  }

  skipped(channel: OutputChannel, bytes: number): void {
    ;(this.mask?.output(channel) ?? this.stream(channel)).skip(bytes)
  }

  failed(failure: SpawnFailure): void {
    const { launcher, user } = this.plan
    const error = toSpawnError(failure, { ...(this.launched ?? this.plan), user }, this.secrets)
    const instead = this.intent ? undefined : launcher?.failed(error)
    if (instead) return 'argv' in instead ? void this.launch(instead) : this.answer(instead)
    this.secrets?.destroyed(failure.secrets)
    this.settle(
      { ...neverRan('spawnFailed', error.message), ...(this.intent && { requested: this.intent }) },
      error,
    )
  }

  private answer({ code, stderr }: LaunchAnswer): void {
    this.stderr.push(Buffer.from(stderr))
    this.settle({ reason: 'exited', code, succeeded: code === 0, evidence: 'none' })
  }

  data(channel: OutputChannel, bytes: Buffer): void {
    if (channel === thirdChannel) {
      this.plan.launcher?.thirdOutput(bytes)
      this.remote?.consumed(channel, bytes.length)
    } else if (this.mask) this.mask.output(channel)?.push(bytes)
    else this.stream(channel).push(bytes)
  }

  ended(channel: OutputChannel): void {
    if (channel === thirdChannel) return
    this.mask?.output(channel)?.end()
    this.stream(channel).end()
  }

  stdinOpen(): void {
    const remote = this.remote
    if (!remote) return
    shielded(() =>
      this.stdin.pump({ send: (bytes) => remote.sendStdin(bytes), end: () => this.endStdin(remote) }),
    )
  }

  stdinClosed(): void {
    this.stdin.close()
    this.fed.resolve()
  }

  killed(report: KillReport): void {
    this.report?.resolve(report)
    this.stalls.start()
  }

  exit(record: ExitRecord): void {
    const exit = toCommandExit(record, this.intent)
    this.report?.resolve(record.descendants)
    this.secrets?.destroyed(record.secrets)
    this.settle(this.problem === undefined ? exit : { ...exit, explanation: this.problem })
  }

  lost(error: ContainersError): void {
    this.remote = undefined
    this.stdin.close()
    // Those of a detached one may be there still, as it may.
    const secrets = this.plan.detached ? undefined : this.secrets
    void tools.lostExit(error, this.lossOf, this.intent, secrets).then((exit) => this.settle(exit))
  }

  private endStdin(remote: RemoteCommand): void {
    remote.endStdin()
    this.fed.resolve()
  }

  private stop(
    intent: 'killed' | 'aborted',
    signal: number = signalNumbers.SIGTERM,
    graceMs = this.plan.graceMs,
  ): Promise<DescendantsReport> {
    if (this.handle.isSettled) return this.handle.exit.then(tools.reportOf)
    this.intent ??= intent
    const report = (this.report ??= createDeferred<DescendantsReport>())
    if (this.remote) this.remote.kill(signal, graceMs, killCause[intent])
    else if (!this.lossOf) this.callOff(intent)
    return report.promise
  }

  /** Nothing was sent yet, so nothing runs. */
  private callOff(intent: 'killed' | 'aborted'): void {
    const error = tools.calledOff(this.plan.argv[0], intent, this.plan.signal)
    this.report?.resolve({ killed: 0, survivors: [], verified: true })
    this.settle(neverRan(intent, error.message), error)
  }

  private inputFailed(why: string): void {
    this.problem = `Its stdin could not be read to the end, so it was killed: ${this.mask?.text(why) ?? why}`
    void this.stop('killed')
  }

  protected settle(...[exit, error]: Parameters<CommandHandle['settle']>): void {
    if (this.handle.isSettled) return
    this.remote = undefined
    this.plan.signal?.removeEventListener('abort', this.onAbort)
    this.stalls.stop()
    this.stdin.close()
    this.mask?.close()
    this.handle.settle(this.plan.launcher?.ended(exit) ?? exit, error)
    // Where nobody answered the kill, nothing is proven.
    this.report?.resolve({ killed: 0, survivors: [], verified: error !== undefined })
    this.runner.settled(this)
  }

  private stream(channel: OutputChannel): ByteStream {
    return channel === stdoutChannel ? this.stdout : this.stderr
  }

  private output(channel: OutputChannel, startOffset: number): ByteStream {
    const onConsumed = (bytes: number) => {
      this.stalls.progress()
      if (this.mask) this.mask.output(channel)?.consumed(bytes)
      else this.remote?.consumed(channel, bytes)
    }
    return plannedStream(this.plan.output, onConsumed, startOffset)
  }
}
