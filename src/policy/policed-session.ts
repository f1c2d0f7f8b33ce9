import type { Command } from '../command/command.js'
import type { CommandResult } from '../command/command-result.js'
import { DeferredCommand, type Decision } from '../command/deferred-command.js'
import { runCommand } from '../command/run-command.js'
import type { Session, SessionRunOptions, SessionShell, SessionSpawnOptions } from '../command/session.js'
import { checkSessionCommand } from '../command/session-options.js'
import { planSpawn, type TimeoutBounds } from '../command/spawn-plan.js'
import { ContainersError } from '../errors/containers-error.js'
import type { CommandPolicy } from './command-policy.js'
import { refusalOf } from './refusal.js'

/** A session that asks a policy before each command: of its own argv, and of what it finds when it is its turn. */
export class PolicedSession implements Session {
  private readonly undecided = new Set<DeferredCommand>()
  /** The end of the command before. */
  private last: Promise<unknown> = Promise.resolve()
  private closed = false

  constructor(
    private readonly inner: Session,
    private readonly policy: CommandPolicy,
    private readonly bounds: TimeoutBounds,
    private readonly user: string | undefined,
    /** Told of each command that is not decided on yet. */
    private readonly track: (command: DeferredCommand) => void,
  ) {}

  get shell(): SessionShell {
    return this.inner.shell
  }

  get cwd(): string {
    return this.inner.cwd
  }

  get env(): Readonly<Record<string, string>> {
    return this.inner.env
  }

  spawn(argv: readonly string[], options: SessionSpawnOptions = {}): Command {
    if (this.closed) throw new ContainersError('CLOSED', 'The session was closed; open another one.')
    checkSessionCommand(options)
    const plan = planSpawn(argv, options, this.bounds)
    const decision = this.decisionOn(plan.argv, this.last)
    const command = new DeferredCommand(plan.argv, { ...options }, decision, (argv, options) =>
      this.inner.spawn(argv, options),
    )
    this.last = command.handle.exit
    this.undecided.add(command)
    void command.decided.then(() => this.undecided.delete(command))
    this.track(command)
    return command.handle
  }

  run(argv: readonly string[], options: SessionRunOptions = {}): Promise<CommandResult> {
    return runCommand((argv, options) => this.spawn(argv, options), argv, options)
  }

  async close(): Promise<void> {
    this.closed = true
    for (const command of this.undecided) void command.handle.kill()
    await this.inner.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Made when the command before is over. */
  private decisionOn(argv: readonly string[], before: Promise<unknown>): Decision {
    const make: Decision['make'] = async (signal) => {
      await before
      if (signal.aborted) return undefined
      const { cwd, env } = this.inner
      const user = this.user === undefined ? {} : { user: this.user }
      return refusalOf(this.policy, { argv, cwd, env, ...user }, signal)
    }
    return { when: 'the policy had decided on it', make }
  }
}
