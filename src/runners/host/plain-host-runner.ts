import type { Command } from '../../command/command.js'
import type { RunOptions, SpawnOptions } from '../../command/command-options.js'
import type { CommandResult } from '../../command/command-result.js'
import type { CommandRunner, RunnerCapabilities } from '../../command/command-runner.js'
import { runCommand } from '../../command/run-command.js'
import type { Session } from '../../command/session.js'
import { cannotDetach } from '../../command/detached-plan.js'
import { planSpawn, type TimeoutBounds } from '../../command/spawn-plan.js'
import { assertNoSecrets } from '../secrets/assert-no-secrets.js'
import { ContainersError } from '../../errors/containers-error.js'
import { noTerminals } from '../no-terminals.js'
import type { PlaceDefaults } from '../place.js'
import { neverStarted } from './never-started.js'
import { PlainHostCommand } from './plain-host-command.js'

/** Commands as children of this process, where no supervisor can go. A kill reaches the process group only. */
export class PlainHostRunner implements CommandRunner {
  readonly capabilities: RunnerCapabilities = {
    supervised: false,
    verifiedKill: false,
    exactExit: process.platform !== 'win32',
    exactEnvironment: true,
    backpressure: true,
    users: process.getuid?.() === 0,
    oomEvidence: false,
    pausesLimits: false,
    secrets: false,
    detached: false,
    endsWithHost: false,
    terminals: false,
    files: false,
    ports: false,
    sessions: false,
    isolation: 'none',
  }
  private readonly commands = new Set<PlainHostCommand>()
  private closed = false

  constructor(
    private readonly defaults: PlaceDefaults,
    private readonly bounds?: TimeoutBounds,
  ) {}

  /** Throws `NOT_SUPPORTED` for a terminal, for secrets, and for a user that is not given by numbers. */
  spawn(argv: readonly string[], options: SpawnOptions = {}): Command {
    if (this.closed) throw new ContainersError('CLOSED', 'The runner was closed; make another one.')
    const plan = planSpawn(argv, options, this.bounds)
    if (plan.terminal) throw noTerminals()
    assertNoSecrets(plan)
    if (plan.detached) throw cannotDetach()
    if (plan.signal?.aborted) return neverStarted(plan.argv, plan.signal.reason)
    const command = new PlainHostCommand(plan, this.defaults)
    this.commands.add(command)
    void command.handle.exit.then(() => this.commands.delete(command))
    return command.handle
  }

  run(argv: readonly string[], options: RunOptions = {}): Promise<CommandResult> {
    return runCommand((argv, options) => this.spawn(argv, options), argv, options)
  }

  openSession(): Promise<Session> {
    const advice = 'Use run, and name folder and environment for each command.'
    return Promise.reject(new ContainersError('NOT_SUPPORTED', `Sessions need a supervisor. ${advice}`))
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
    await Promise.all([...this.commands].map(({ handle }) => handle.close()))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
