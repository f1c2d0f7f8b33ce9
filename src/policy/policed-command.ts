import { crypto } from '../internal/builtins.js'
import { CommandHandle } from '../command/command-handle.js'
import type { Command } from '../command/command.js'
import type { CommandExit, DescendantsReport } from '../command/command-exit.js'
import type { KillOptions, SpawnOptions } from '../command/command-options.js'
import { noStdin, pipedStdin } from '../command/command-stdin.js'
import { SpawnError } from '../command/spawn-error.js'
import { isContainersError } from '../errors/containers-error.js'
import { createByteStream } from '../streaming/byte-stream.js'
import type { CommandPolicy } from './command-policy.js'
import type { CommandRefusedError } from './command-refused-error.js'
import { passOutput, passStdin, type PassedOutput } from './pass-streams.js'
import { refusalOf } from './refusal.js'

type Spawn = (argv: readonly string[], options: SpawnOptions) => Command

/** A command from its spawn call over the policy's decision to the handle of the command that runs. */
export class PolicedCommand {
  readonly handle: CommandHandle
  /** Settles when the policy has decided or nobody waits for it any more; never rejects. */
  readonly decided: Promise<void>
  private readonly stdin
  private readonly stdout = createByteStream({ onConsumed: () => this.passed?.stdout.resume() })
  private readonly stderr = createByteStream({ onConsumed: () => this.passed?.stderr.resume() })
  private passed: { stdout: PassedOutput; stderr: PassedOutput } | undefined
  private readonly deciding = new AbortController()
  private readonly onAbort = () => this.callOff('aborted')
  private inner: Command | undefined
  /** What was added to the time limit before it ran. */
  private extraMs = 0

  constructor(
    private readonly argv: readonly string[],
    private readonly options: SpawnOptions,
    policy: CommandPolicy,
    private readonly spawn: Spawn,
  ) {
    this.stdin = options.stdin === 'pipe' ? pipedStdin() : noStdin()
    const streams = { stdout: this.stdout, stderr: this.stderr }
    this.handle = new CommandHandle(crypto().randomUUID(), argv, this.stdin.writable, streams, this)
    if (options.signal?.aborted) this.onAbort()
    else options.signal?.addEventListener('abort', this.onAbort, { once: true })
    this.decided = this.handle.isSettled ? Promise.resolve() : this.decide(policy)
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

  private async decide(policy: CommandPolicy): Promise<void> {
    const { argv, options } = this
    const { cwd, env, user } = options
    const asked = { argv, ...(cwd && { cwd }), ...(env && { env }), ...(user && { user }) }
    const refusal = await refusalOf(policy, asked, this.deciding.signal)
    options.signal?.removeEventListener('abort', this.onAbort)
    if (this.handle.isSettled) return
    if (refusal) this.refuse(refusal)
    else this.begin()
  }

  private begin(): void {
    let inner: Command
    try {
      inner = this.spawn(this.argv, this.options)
    } catch (error) {
      // The runner's own bounds, or its end, while the policy decided.
      const message = error instanceof Error ? error.message : String(error)
      const code = isContainersError(error) ? { code: error.code } : {}
      const exit: CommandExit = neverRan('spawnFailed', message)
      return this.settle(exit, new SpawnError('request', message, { ...code, cause: error }))
    }
    this.inner = inner
    if (this.extraMs > 0) inner.extendTimeout(this.extraMs)
    if (this.options.stdin === 'pipe') passStdin(this.stdin, inner.stdin)
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

  private refuse(error: CommandRefusedError): void {
    this.settle(neverRan('refused', error.message), error)
  }

  private callOff(intent: 'killed' | 'aborted'): void {
    if (this.inner || this.handle.isSettled) return
    const message = `${JSON.stringify(this.argv[0])} was ${intent} before the policy had decided on it.`
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
