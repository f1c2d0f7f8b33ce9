import { setTimeout as delay } from 'node:timers/promises'
import { crypto } from '../../internal/builtins.js'
import { CommandHandle } from '../../command/command-handle.js'
import type { CommandExit, DescendantsReport } from '../../command/command-exit.js'
import type { KillOptions } from '../../command/command-options.js'
import { fixedStdin, noStdin, pipedStdin, type StdinFeed } from '../../command/command-stdin.js'
import { plannedStream } from '../../command/output-plan.js'
import { passOutput, passStdin, type PassedOutput } from '../../command/pass-streams.js'
import { checkGrace, checkSignal, type SpawnPlan } from '../../command/spawn-plan.js'
import { SpawnError } from '../../command/spawn-error.js'
import { isContainersError } from '../../errors/containers-error.js'
import type { ContainerExec } from '../../exec/exec-in-container.js'
import type { SignalName } from '../../model/signal.js'
import type { ByteStream } from '../../streaming/byte-stream.js'
import { feedStdin } from '../feed-stdin.js'
import { IdleTimer } from '../idle-timer.js'
import { neverRan } from '../to-command-exit.js'
import type { MarkedPlace, Sweep } from './marked-exec.js'

/** How long a command may take to be gone after SIGKILL has reached it. */
const lastPatienceMs = 5_000
/** A command that was just started is looked for again, until its environment can be read. */
const searches = 10
const searchPauseMs = 50

type Intent = 'killed' | 'aborted' | 'timeout' | 'idleTimeout'

/** A command by the engine's own exec, which cannot be signalled: another exec beside it does that. */
export class PlainContainerCommand {
  readonly handle: CommandHandle
  private readonly mark = crypto().randomUUID()
  private readonly stdin: StdinFeed
  private readonly stdout: ByteStream
  private readonly stderr: ByteStream
  private passed: PassedOutput[] = []
  private place: MarkedPlace | undefined
  private exec: ContainerExec | undefined
  private over = false
  /** What was asked for first, and whether the signal for it met a living process. */
  private intent: Intent | undefined
  private met = false
  private sending: Promise<void> | undefined
  private timeout: NodeJS.Timeout | undefined
  private idle: IdleTimer | undefined
  private limitMs: number | undefined
  private runsSinceMs: number | undefined
  private report: DescendantsReport = { killed: 0, survivors: [], verified: false }
  private readonly onAbort = () => void this.stop('aborted', 'SIGTERM', this.plan.graceMs)

  constructor(
    private readonly reach: () => Promise<MarkedPlace>,
    private readonly plan: SpawnPlan,
  ) {
    const { stdin, signal } = plan
    if (stdin.kind === 'none') this.stdin = noStdin()
    else this.stdin = stdin.kind === 'bytes' ? fixedStdin(stdin.bytes) : pipedStdin()
    this.stdout = plannedStream(plan.output, () => this.passed[0]?.resume())
    this.stderr = plannedStream(plan.output, () => this.passed[1]?.resume())
    const { maxLineBytes } = plan.output
    const streams = { stdout: this.stdout, stderr: this.stderr, maxLineBytes }
    this.handle = new CommandHandle(this.mark, plan.argv, this.stdin.writable, streams, this)
    this.limitMs = plan.timeoutMs
    if (stdin.kind === 'stream') {
      feedStdin(stdin.stream, this.stdin.writable, () => void this.stop('killed', 'SIGTERM', plan.graceMs))
    }
    if (signal?.aborted) this.onAbort()
    else signal?.addEventListener('abort', this.onAbort, { once: true })
    void this.run()
  }

  kill({ signal = 'SIGTERM', graceMs = this.plan.graceMs }: KillOptions): Promise<DescendantsReport> {
    checkGrace(graceMs)
    checkSignal(signal)
    return this.stop('killed', signal, graceMs)
  }

  extendTimeout(ms: number): void {
    if (this.limitMs === undefined) return
    this.limitMs += ms
    if (this.timeout) this.limit()
  }

  private async run(): Promise<void> {
    if (this.handle.isSettled) return
    try {
      this.place = await this.reach()
      if (this.handle.isSettled) return
      this.exec = this.place.start(this.plan, this.mark)
      this.carry(this.exec)
      await this.exec.started
    } catch (error) {
      return this.failed(error)
    }
    this.handle.markStarted()
    this.runsSinceMs = Date.now()
    this.limit()
    if (this.plan.idleTimeoutMs !== undefined) this.watchSilence(this.exec, this.plan.idleTimeoutMs)
    const exit = await this.exec.exit
    this.over = true
    this.liftLimits()
    await this.sending?.catch(() => {}) // it may have ended by that signal, which has not been answered yet
    if (!this.plan.keepDescendants || this.met) await this.sweepUp()
    await Promise.all(this.passed.map((output) => output.drain()))
    this.settle(this.judged(exit))
  }

  private carry({ stdin, stdout, stderr }: ContainerExec): void {
    this.passed = [passOutput(stdout, this.stdout), passOutput(stderr, this.stderr)]
    if (this.plan.stdin.kind !== 'none') passStdin(this.stdin, stdin)
  }

  private limit(): void {
    clearTimeout(this.timeout)
    if (this.limitMs === undefined || this.runsSinceMs === undefined) return
    const stop = () => void this.stop('timeout', 'SIGTERM', this.plan.graceMs)
    this.timeout = setTimeout(stop, this.runsSinceMs + this.limitMs - Date.now())
  }

  private watchSilence({ stdout, stderr }: ContainerExec, idleMs: number): void {
    const outputs = [stdout, stderr]
    const hasOutput = () => outputs.some(({ readableLength }) => readableLength > 0)
    this.idle = new IdleTimer(idleMs, hasOutput, () => {
      void this.stop('idleTimeout', 'SIGTERM', this.plan.graceMs)
    })
    for (const output of outputs) output.on('data', () => this.idle?.heard())
  }

  private liftLimits(): void {
    clearTimeout(this.timeout)
    this.timeout = undefined
    this.idle?.stop()
  }

  private async stop(intent: Intent, signal: SignalName, graceMs: number): Promise<DescendantsReport> {
    if (this.handle.isSettled) return this.report
    if (!this.exec) return this.callOff(intent)
    this.intent ??= intent
    this.liftLimits()
    await this.exec.started.catch(() => {})
    try {
      await (this.sending = this.send(signal))
      await this.within(graceMs)
      await (this.sending = this.send('SIGKILL'))
      await this.within(lastPatienceMs)
      this.giveUp('it went on after SIGKILL')
    } catch (error) {
      this.giveUp(error instanceof Error ? error.message : String(error))
    }
    await this.handle.exit
    return this.report
  }

  private async send(signal: SignalName): Promise<void> {
    for (let left = searches; !this.over && left > 0; left--) {
      const { signalled } = await this.signal(signal)
      this.met ||= signalled > 0
      if (signalled > 0) return
      await this.within(searchPauseMs)
    }
  }

  private signal(signal: SignalName): Promise<Sweep> {
    if (!this.place) throw new Error('its container was not reached')
    return this.place.signal(this.plan, this.mark, signal)
  }

  /** Until the command is over, or for so long. */
  private async within(ms: number): Promise<void> {
    const done = new AbortController()
    const late = delay(ms, undefined, { signal: done.signal }).catch(() => {})
    await Promise.race([this.exec?.exit, late])
    done.abort()
  }

  /** What the command has left behind. In an image without a shell nobody can tell. */
  private async sweepUp(): Promise<void> {
    try {
      const { signalled: killed, left } = await this.signal('SIGKILL')
      this.report = { killed, survivors: left, verified: false }
    } catch {
      // The report says already that nothing is proven.
    }
  }

  private judged(exit: CommandExit): CommandExit {
    const times = { startedAt: new Date(this.runsSinceMs ?? Date.now()), finishedAt: new Date() }
    const observed = { ...exit, ...times, descendants: this.report }
    if (!this.intent) return observed
    if (exit.reason !== 'exited' || !this.met) return { ...observed, requested: this.intent }
    return { ...observed, reason: this.intent, succeeded: false }
  }

  private callOff(intent: Intent): DescendantsReport {
    const message = `${JSON.stringify(this.plan.argv[0])} was ${intent} before it was started.`
    const cause = intent === 'aborted' ? { cause: this.plan.signal?.reason as unknown } : {}
    const exit = neverRan(intent === 'aborted' ? intent : 'killed', message)
    this.report = { killed: 0, survivors: [], verified: true }
    this.settle(exit, new SpawnError('connect', message, { code: 'ABORTED', ...cause }))
    return this.report
  }

  /** It cannot be stopped from here, and nobody is to wait for ever. */
  private giveUp(why: string): void {
    if (this.over || this.handle.isSettled) return
    const explanation = `It could not be killed from outside, and may still run: ${why}.`
    const requested = this.intent && { requested: this.intent }
    this.settle({ reason: 'unknown', succeeded: false, evidence: 'none', ...requested, explanation })
  }

  private failed(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error)
    const known = isContainersError(error) ? { code: error.code, details: error.details } : {}
    const problem =
      error instanceof SpawnError ? error : new SpawnError('connect', message, { ...known, cause: error })
    this.settle(neverRan('spawnFailed', message), problem)
  }

  private settle(exit: CommandExit, error?: Error): void {
    this.liftLimits()
    this.plan.signal?.removeEventListener('abort', this.onAbort)
    this.stdin.close()
    this.handle.settle(exit, error)
  }
}
