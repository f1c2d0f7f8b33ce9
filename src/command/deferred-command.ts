import { crypto } from '../internal/builtins.js'
import { commandEnded } from './command-ended.js'
import { CommandHandle } from './command-handle.js'
import type { Command } from './command.js'
import type { CommandExit, DescendantsReport } from './command-exit.js'
import type { KillOptions, SpawnOptions, WaitForPortOptions } from './command-options.js'
import { noStdin, pipedStdin } from './command-stdin.js'
import { planOutput, plannedStream } from './output-plan.js'
import { SpawnError } from './spawn-error.js'
import { keepsStdinOpen } from './spawn-plan.js'
import type { TerminalSize } from '../model/terminal-size.js'
import { isContainersError, type ContainersError } from '../errors/containers-error.js'
import { abortable } from '../internal/abort.js'
import { invalidOption } from '../errors/invalid-option.js'
import { passOutput, passStdin, type PassedOutput } from './pass-streams.js'

type Spawn = (argv: readonly string[], options: SpawnOptions) => Command

/** What is to be decided before a command may run. */
export interface Decision {
  /** For messages: `the policy had decided on it`. */
  readonly when: string
  /**
   * Resolves with the error that refuses the command, or with nothing; never rejects. A `SpawnError` says that it could
   * not be decided.
   */
  make(signal: AbortSignal): Promise<ContainersError | undefined>
}

/** A command from its spawn call over a decision to the handle of the command that runs. */
export class DeferredCommand {
  readonly handle: CommandHandle
  /** Settles when the decision was made or nobody waits for it any more; never rejects. */
  readonly decided: Promise<void>
  private readonly stdin
  private readonly stdout
  private readonly stderr
  private passed: { stdout: PassedOutput; stderr: PassedOutput } | undefined
  private readonly deciding = new AbortController()
  private readonly onAbort = () => this.callOff('aborted')
  private inner: Command | undefined
  /** What was added to the time limit before it ran. */
  private extraMs = 0
  /** What its terminal was resized to before it ran. */
  private size: TerminalSize | undefined
  readonly resize: ((size: TerminalSize) => void) | undefined

  constructor(
    private readonly argv: readonly string[],
    private readonly options: SpawnOptions,
    private readonly decision: Decision,
    private readonly spawn: Spawn,
  ) {
    this.stdin = keepsStdinOpen(options) ? pipedStdin() : noStdin()
    this.resize = options.terminal && ((size) => this.resizeTo(size))
    const output = planOutput(options.output)
    this.stdout = plannedStream(output, () => this.passed?.stdout.resume())
    this.stderr = plannedStream(output, () => this.passed?.stderr.resume())
    const streams = { stdout: this.stdout, stderr: this.stderr, maxLineBytes: output.maxLineBytes }
    this.handle = new CommandHandle(
      options.id ?? crypto().randomUUID(),
      argv,
      this.stdin.writable,
      streams,
      this,
    )
    if (options.signal?.aborted) this.onAbort()
    else options.signal?.addEventListener('abort', this.onAbort, { once: true })
    this.decided = this.handle.isSettled ? Promise.resolve() : this.decide()
  }

  async kill(options: KillOptions): Promise<DescendantsReport> {
    if (this.inner) return this.inner.kill(options)
    this.callOff('killed')
    return { killed: 0, survivors: [], verified: true }
  }

  extendTimeout(ms: number): void {
    if (this.inner) this.inner.extendTimeout(ms)
    else this.extraMs += ms
  }

  private resizeTo(size: TerminalSize): void {
    if (this.inner) this.inner.resize(size)
    else this.size = size
  }

  async waitForPort(port: number, options: WaitForPortOptions): Promise<void> {
    await abortable(this.decided, `Waiting for port ${port}`, options.signal)
    if (this.inner) return this.inner.waitForPort(port, options)
    throw commandEnded(`Waiting for port ${port}`, this.argv, await this.handle.exit)
  }

  async rotateSecret(name: string): Promise<void> {
    if (!this.inner) throw invalidOption('name', 'cannot be rotated before the command runs', name)
    await this.inner.rotateSecret(name)
  }

  /** A detached command is to run though nobody holds its handle any more. */
  async letGo(): Promise<unknown> {
    if (this.options.detached) await this.decided
    return this.inner ? this.inner.close() : this.kill({})
  }

  private async decide(): Promise<void> {
    const refusal = await this.decision.make(this.deciding.signal)
    this.options.signal?.removeEventListener('abort', this.onAbort)
    if (this.handle.isSettled) return
    if (refusal) this.refuse(refusal)
    else this.begin()
  }

  private begin(): void {
    let inner: Command
    try {
      inner = this.spawn(this.argv, {
        ...this.options,
        id: this.handle.id,
        ...(this.size && { terminal: this.size }),
      })
    } catch (error) {
      // The runner's own bounds, or its end meanwhile.
      const message = error instanceof Error ? error.message : String(error)
      const code = isContainersError(error) ? { code: error.code } : {}
      const exit: CommandExit = neverRan('spawnFailed', message)
      return this.settle(exit, new SpawnError('request', message, { ...code, cause: error }))
    }
    this.inner = inner
    if (this.extraMs > 0) inner.extendTimeout(this.extraMs)
    if (keepsStdinOpen(this.options)) passStdin(this.stdin, inner.stdin)
    const stdout = passOutput(inner.stdout, this.stdout)
    const stderr = passOutput(inner.stderr, this.stderr)
    this.passed = { stdout, stderr }
    void this.follow(inner, [stdout, stderr])
  }

  private async follow(inner: Command, outputs: readonly PassedOutput[]): Promise<void> {
    let problem: Error | undefined
    const started = inner.started.then(
      () => this.handle.markStarted(),
      (error: Error) => {
        problem = error
      },
    )
    const exit = await inner.exit
    await Promise.all([started, ...outputs.map((output) => output.drain())])
    this.settle(exit, problem)
  }

  private refuse(error: ContainersError): void {
    const reason = error instanceof SpawnError ? 'spawnFailed' : 'refused'
    this.settle(neverRan(reason, error.message), error)
  }

  private callOff(intent: 'killed' | 'aborted'): void {
    if (this.inner || this.handle.isSettled) return
    const message = `${JSON.stringify(this.argv[0])} was ${intent} before ${this.decision.when}.`
    const cause = intent === 'aborted' ? { cause: this.options.signal?.reason as unknown } : {}
    this.settle(neverRan(intent, message), new SpawnError('request', message, { code: 'ABORTED', ...cause }))
    this.deciding.abort()
  }

  private settle(exit: CommandExit, problem?: Error): void {
    this.options.signal?.removeEventListener('abort', this.onAbort)
    this.stdin.close()
    this.handle.settle(exit, problem)
  }
}

function neverRan(
  reason: 'refused' | 'spawnFailed' | 'killed' | 'aborted',
  explanation: string,
): CommandExit {
  return { reason, succeeded: false, evidence: 'none', explanation }
}
