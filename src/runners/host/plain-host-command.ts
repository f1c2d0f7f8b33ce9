import type { ChildProcess } from 'node:child_process'
import { childProcess } from './child-process.js'
import { crypto, os } from '../../internal/builtins.js'
import type { Readable } from 'node:stream'
import { CommandHandle } from '../../command/command-handle.js'
import type { CommandExit, DescendantsReport } from '../../command/command-exit.js'
import type { KillOptions } from '../../command/command-options.js'
import type { StdinFeed } from '../../command/command-stdin.js'
import { passStdin } from '../../command/pass-streams.js'
import { plannedStream, type OutputPlan } from '../../command/output-plan.js'
import { ordinaryLaunch } from '../../command/launch.js'
import { checkGrace, type SpawnPlan } from '../../command/spawn-plan.js'
import type { signalName, SignalName } from '../../model/signal.js'
import type { ByteStream } from '../../streaming/byte-stream.js'
import { feedStdin, stdinOf } from '../feed-stdin.js'
import { IdleTimer } from '../idle-timer.js'
import type { PlaceDefaults } from '../place.js'
import { neverRan } from '../to-command-exit.js'
import { hostUser } from './host-user.js'
import { startFailure } from './start-failure.js'

/** How long output may come after the command's own end when its descendants are kept. */
const lastWordsMs = 100
type Cause = 'killed' | 'aborted' | 'timeout' | 'idleTimeout'

/** A command as a child of this process, in a process group of its own. */
export class PlainHostCommand {
  readonly handle: CommandHandle
  private readonly stdin: StdinFeed
  private readonly child: ChildProcess
  private readonly startedAt = new Date()
  private cause: Cause | undefined
  private timeout: NodeJS.Timeout | undefined
  private idle: IdleTimer | undefined
  private lastResort: NodeJS.Timeout | undefined
  private readonly onAbort = () => void this.stop('aborted', 'SIGTERM', this.plan.graceMs)

  constructor(
    private readonly plan: SpawnPlan,
    private readonly defaults: PlaceDefaults,
  ) {
    const ids = hostUser(plan.user)
    const { kind } = plan.stdin
    this.stdin = stdinOf(plan.stdin)
    const { env, cwd } = ordinaryLaunch(plan, defaults)
    this.child = childProcess().spawn(plan.argv[0] ?? '', plan.argv.slice(1), {
      ...ids,
      ...(cwd !== undefined && { cwd }),
      env: { ...identity(defaults), ...Object.fromEntries(env.map(splitEntry)) },
      detached: process.platform !== 'win32',
      stdio: [kind === 'none' ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    })
    const { output } = plan
    const streams = {
      stdout: fed(this.child.stdout, output),
      stderr: fed(this.child.stderr, output),
      maxLineBytes: output.maxLineBytes,
    }
    this.handle = new CommandHandle(
      plan.id ?? crypto().randomUUID(),
      plan.argv,
      this.stdin.writable,
      streams,
      this,
    )
    this.listen()
  }

  kill({ signal = 'SIGTERM', graceMs = this.plan.graceMs }: KillOptions): Promise<DescendantsReport> {
    checkGrace(graceMs)
    return this.stop('killed', signal, graceMs)
  }

  extendTimeout(ms: number): void {
    if (this.timeout) this.limit((this.deadline += ms))
  }

  private deadline = 0

  private listen(): void {
    const { child, plan } = this
    child.once('spawn', () => this.handle.markStarted())
    child.once('error', (error: NodeJS.ErrnoException) => this.failed(error))
    child.once('exit', () => this.afterExit())
    child.once('close', () => this.finish())
    if (child.stdin) passStdin(this.stdin, child.stdin)
    if (plan.stdin.kind === 'stream') {
      feedStdin(plan.stdin.stream, this.stdin.writable, () => {
        void this.stop('killed', 'SIGTERM', plan.graceMs)
      })
    }
    if (plan.timeoutMs !== undefined) this.limit((this.deadline = Date.now() + plan.timeoutMs))
    if (plan.idleTimeoutMs !== undefined) this.watchSilence(plan.idleTimeoutMs)
    plan.signal?.addEventListener('abort', this.onAbort, { once: true })
  }

  private limit(deadline: number): void {
    clearTimeout(this.timeout)
    const stop = () => void this.stop('timeout', 'SIGTERM', this.plan.graceMs)
    this.timeout = setTimeout(stop, deadline - Date.now())
  }

  private watchSilence(idleMs: number): void {
    const outputs = [this.child.stdout, this.child.stderr].filter((output) => output !== null)
    const hasOutput = () => outputs.some(({ readableLength }) => readableLength > 0)
    const idle = new IdleTimer(idleMs, hasOutput, () => {
      void this.stop('idleTimeout', 'SIGTERM', this.plan.graceMs)
    })
    for (const output of outputs) output.on('data', () => idle.heard())
    this.idle = idle
  }

  private async stop(cause: Cause, signal: SignalName, graceMs: number): Promise<DescendantsReport> {
    const { child } = this
    if (child.exitCode === null && child.signalCode === null && !this.handle.isSettled) {
      this.cause ??= cause
      this.liftLimits()
      this.signalGroup(signal)
      clearTimeout(this.lastResort)
      this.lastResort = setTimeout(() => this.signalGroup('SIGKILL'), graceMs)
    }
    await this.handle.exit
    return { killed: 0, survivors: [], verified: false }
  }

  private signalGroup(signal: SignalName): void {
    const { pid } = this.child
    if (pid === undefined) return
    try {
      process.kill(process.platform === 'win32' ? pid : -pid, signal)
    } catch {
      // Nobody is left in the group.
    }
  }

  private liftLimits(): void {
    clearTimeout(this.timeout)
    this.timeout = undefined
    this.idle?.stop()
  }

  private afterExit(): void {
    this.liftLimits()
    clearTimeout(this.lastResort)
    if (!this.plan.keepDescendants) this.signalGroup('SIGKILL')
    // Whoever left the group may hold the streams open for ever.
    setTimeout(() => this.finish(), lastWordsMs)
  }

  private failed(error: NodeJS.ErrnoException): void {
    if (this.child.pid !== undefined) return
    const failure = startFailure(this.plan, this.defaults, error)
    this.settle(neverRan('spawnFailed', failure.message), failure)
  }

  private finish(): void {
    const { exitCode: code, signalCode: signal } = this.child
    const reason = this.cause ?? (signal === null ? 'exited' : 'signaled')
    this.settle({
      reason,
      ...(code !== null && { code }),
      ...(signal !== null && { signal: signal as ReturnType<typeof signalName> }),
      succeeded: reason === 'exited' && code === 0,
      evidence: 'childProcess',
      startedAt: this.startedAt,
      finishedAt: new Date(),
    })
  }

  private settle(exit: CommandExit, error?: Error): void {
    this.liftLimits()
    this.plan.signal?.removeEventListener('abort', this.onAbort)
    this.stdin.close()
    this.handle.settle(exit, error)
  }
}

/** Passes a child's output on, waiting for a reader who is slower. */
function fed(source: Readable | null, plan: OutputPlan): ByteStream {
  const stream = plannedStream(plan, () => source?.resume())
  source?.on('data', (bytes: Buffer) => {
    if (!stream.push(bytes)) source.pause()
  })
  return stream
}

function identity({ path }: PlaceDefaults): Record<string, string> {
  const { username, homedir } = os().userInfo()
  return { HOME: homedir, USER: username, LOGNAME: username, ...(path !== undefined && { PATH: path }) }
}

function splitEntry(entry: string): [string, string] {
  const at = entry.indexOf('=')
  return [entry.slice(0, at), entry.slice(at + 1)]
}
