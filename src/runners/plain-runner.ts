import type { Command } from '../command/command.js'
import type { RunOptions, SpawnOptions } from '../command/command-options.js'
import type { CommandResult } from '../command/command-result.js'
import type { CommandRunner, RunnerCapabilities } from '../command/command-runner.js'
import { cannotDetach } from '../command/detached-plan.js'
import { runCommand } from '../command/run-command.js'
import type { Session } from '../command/session.js'
import { planSpawn, type SpawnPlan, type TimeoutBounds } from '../command/spawn-plan.js'
import { ContainersError } from '../errors/containers-error.js'
import { noTerminals } from './no-terminals.js'
import { assertNoUniqueUser } from './assert-no-unique-user.js'
import { assertNoSecrets } from './secrets/assert-no-secrets.js'

/** Commands one by one, without a supervisor, and so without all that only one can do. */
export abstract class PlainRunner implements CommandRunner {
  abstract readonly capabilities: RunnerCapabilities
  /** What to do instead of opening a session. */
  protected abstract readonly insteadOfSessions: string
  private readonly commands = new Set<Command>()
  private closed = false

  constructor(
    private readonly bounds: TimeoutBounds | undefined,
    private readonly usualUser?: string,
  ) {}

  /** Starts a command that needs no supervisor. */
  protected abstract start(plan: SpawnPlan): Command

  /** Throws `NOT_SUPPORTED` for a terminal, secrets, a user of its own, and a detached command. */
  spawn(argv: readonly string[], options: SpawnOptions = {}): Command {
    if (this.closed) throw new ContainersError('CLOSED', 'The runner was closed; make another one.')
    const plan = planSpawn(argv, options, this.bounds)
    if (plan.terminal) throw noTerminals()
    if (plan.detached) throw cannotDetach()
    assertNoSecrets(plan)
    assertNoUniqueUser(plan.user ?? this.usualUser)
    const command = this.start(plan)
    this.commands.add(command)
    void command.exit.then(() => this.commands.delete(command))
    return command
  }

  run(argv: readonly string[], options: RunOptions = {}): Promise<CommandResult> {
    return runCommand((argv, options) => this.spawn(argv, options), argv, options)
  }

  openSession(): Promise<Session> {
    const message = `Sessions need a supervisor. ${this.insteadOfSessions}`
    return Promise.reject(new ContainersError('NOT_SUPPORTED', message))
  }

  attach(): Promise<never> {
    return Promise.reject(cannotDetach())
  }

  list(): Promise<never> {
    return Promise.reject(cannotDetach())
  }

  forget(): Promise<never> {
    return Promise.reject(cannotDetach())
  }

  async close(): Promise<void> {
    this.closed = true
    await Promise.all([...this.commands].map((command) => command.close()))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
