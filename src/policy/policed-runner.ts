import type { Command } from '../command/command.js'
import type { RunOptions, SpawnOptions } from '../command/command-options.js'
import type { CommandResult } from '../command/command-result.js'
import type { CommandRunner } from '../command/command-runner.js'
import { DeferredCommand } from '../command/deferred-command.js'
import { ForwardingRunner } from '../command/forwarding-runner.js'
import { runCommand } from '../command/run-command.js'
import type { Session, SessionOptions } from '../command/session.js'
import { defaultTimeoutBounds, planSpawn, type TimeoutBounds } from '../command/spawn-plan.js'
import { ContainersError } from '../errors/containers-error.js'
import type { CommandPolicy } from './command-policy.js'
import { refusalOf } from './refusal.js'

/** The runner itself knows its bounds; these let through whatever it may allow. */
const anyTimeout: TimeoutBounds = { minimum: 1, maximum: Number.MAX_SAFE_INTEGER }

/**
 * A runner that asks a policy before each command. A refused command never reaches `runner`: its `started`, and `run`,
 * reject with {@link CommandRefusedError}, and its exit has the reason `'refused'`. Time limits count from when the
 * command runs, not from when it was asked about. Closing it closes `runner`.
 *
 * DockerRunner and HostRunner have an option `policy` that does the same.
 */
export function policedRunner(
  runner: CommandRunner,
  policy: CommandPolicy,
  options: { timeoutBoundsMs?: TimeoutBounds } = {},
): CommandRunner {
  return new PolicedRunner(runner, policy, options.timeoutBoundsMs ?? anyTimeout)
}

/** For a runner's option `policy`: the runner itself where there is none. */
export function withPolicy(
  runner: CommandRunner,
  policy: CommandPolicy | undefined,
  timeoutBoundsMs: TimeoutBounds = defaultTimeoutBounds,
): CommandRunner {
  return policy ? policedRunner(runner, policy, { timeoutBoundsMs }) : runner
}

class PolicedRunner extends ForwardingRunner {
  private readonly undecided = new Set<DeferredCommand>()
  private closed = false

  constructor(
    runner: CommandRunner,
    private readonly policy: CommandPolicy,
    private readonly bounds: TimeoutBounds,
  ) {
    super(runner)
  }

  override spawn(argv: readonly string[], options: SpawnOptions = {}): Command {
    if (this.closed) throw new ContainersError('CLOSED', 'The runner was closed; make another one.')
    // What runs must be what was decided on, whatever the caller does to its objects meanwhile.
    const plan = planSpawn(argv, options, this.bounds)
    const { terminal } = plan
    const kept = { ...options, ...(options.env && { env: plan.env }), ...(terminal && { terminal }) }
    const { cwd, env, user } = kept
    const asked = { argv: plan.argv, ...(cwd && { cwd }), ...(env && { env }), ...(user && { user }) }
    const decision = {
      when: 'the policy had decided on it',
      make: (signal: AbortSignal) => refusalOf(this.policy, asked, signal),
    }
    const command = new DeferredCommand(plan.argv, kept, decision, (argv, options) =>
      this.inner.spawn(argv, options),
    )
    this.track(command)
    return command.handle
  }

  override run(argv: readonly string[], options: RunOptions = {}): Promise<CommandResult> {
    return runCommand((argv, options) => this.spawn(argv, options), argv, options)
  }

  override async openSession(options: SessionOptions = {}): Promise<Session> {
    const { PolicedSession } = await import('./policed-session.js')
    const session = await this.inner.openSession(options)
    return new PolicedSession(session, this.policy, this.bounds, options.user, (command) =>
      this.track(command),
    )
  }

  private track(command: DeferredCommand): void {
    this.undecided.add(command)
    void command.decided.then(() => this.undecided.delete(command))
  }

  override async close(): Promise<void> {
    this.closed = true
    await Promise.all([...this.undecided].map(({ handle }) => handle.close()))
    await this.inner.close()
  }
}
