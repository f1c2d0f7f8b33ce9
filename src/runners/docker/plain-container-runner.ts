import type { Command } from '../../command/command.js'
import type { RunOptions, SpawnOptions } from '../../command/command-options.js'
import type { CommandResult } from '../../command/command-result.js'
import type { CommandRunner } from '../../command/command-runner.js'
import { cannotDetach } from '../../command/detached-plan.js'
import { runCommand } from '../../command/run-command.js'
import type { Session } from '../../command/session.js'
import { planSpawn, type TimeoutBounds } from '../../command/spawn-plan.js'
import type { ContainerEngine } from '../../engine/container-engine.js'
import { ContainersError } from '../../errors/containers-error.js'
import { assertNoSecrets } from '../secrets/assert-no-secrets.js'
import { noTerminals } from '../no-terminals.js'
import type { MarkedPlace } from './marked-exec.js'
import { plainCapabilities } from './plain-capabilities.js'
import { PlainContainerCommand } from './plain-container-command.js'

/** Commands by the engine's own exec, for containers into which no supervisor can or shall be brought. */
export class PlainContainerRunner implements CommandRunner {
  readonly capabilities = plainCapabilities
  private readonly commands = new Set<PlainContainerCommand>()
  private place: Promise<MarkedPlace> | undefined
  private closed = false

  constructor(
    private readonly engine: ContainerEngine,
    private readonly container: string,
    private readonly user: string | undefined,
    private readonly bounds: TimeoutBounds | undefined,
  ) {}

  /** Throws `NOT_SUPPORTED` for a terminal, and for secrets. */
  spawn(argv: readonly string[], options: SpawnOptions = {}): Command {
    if (this.closed) throw new ContainersError('CLOSED', 'The runner was closed; make another one.')
    const plan = planSpawn(argv, options, this.bounds)
    if (plan.terminal) throw noTerminals()
    if (plan.detached) throw cannotDetach()
    assertNoSecrets(plan)
    const command = new PlainContainerCommand(() => this.reached(), plan)
    this.commands.add(command)
    void command.handle.exit.then(() => this.commands.delete(command))
    return command.handle
  }

  run(argv: readonly string[], options: RunOptions = {}): Promise<CommandResult> {
    return runCommand((argv, options) => this.spawn(argv, options), argv, options)
  }

  openSession(): Promise<Session> {
    const advice = "Make the runner with supervisor: 'required', or run each command by itself."
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

  /** The container, looked at once; a failure is not kept, since the container may run later. */
  reached(): Promise<MarkedPlace> {
    this.place ??= this.look()
    this.place.catch(() => (this.place = undefined))
    return this.place
  }

  private async look(): Promise<MarkedPlace> {
    const { openMarked } = await import('./marked-exec.js')
    return openMarked(this.engine, this.container, this.user)
  }
}
