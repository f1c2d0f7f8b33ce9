import type { Command } from '../../command/command.js'
import type { RunOptions, SpawnOptions } from '../../command/command-options.js'
import type { CommandResult } from '../../command/command-result.js'
import type { CommandRunner, RunnerCapabilities } from '../../command/command-runner.js'
import { DeferredCommand } from '../../command/deferred-command.js'
import type { AttachCommandOptions, ListedCommand } from '../../command/detached.js'
import { runCommand } from '../../command/run-command.js'
import type { Session, SessionOptions } from '../../command/session.js'
import { planSpawn, type TimeoutBounds } from '../../command/spawn-plan.js'
import { SpawnError } from '../../command/spawn-error.js'
import { ContainersError, isContainersError } from '../../errors/containers-error.js'
import { abortable } from '../../internal/abort.js'

/** What is known before the choice was made. */
export interface Expectation {
  readonly capabilities: RunnerCapabilities
  readonly timeoutBoundsMs: TimeoutBounds | undefined
  /** Ends what the choice has begun. */
  close?(): Promise<void>
}

/** A runner that is chosen when it is first needed. Commands that are spawned before that wait for it. */
export class ChoosingRunner<Runner extends CommandRunner> implements CommandRunner {
  private chosen: Runner | undefined
  private choice: Promise<Runner> | undefined
  private readonly undecided = new Set<DeferredCommand>()
  private closed = false

  constructor(
    /** Rejects with what keeps the place from being reached; it is then asked again for the next command. */
    private readonly makeChoice: () => Promise<Runner>,
    private readonly expected: Expectation,
  ) {}

  get capabilities(): RunnerCapabilities {
    return (this.chosen ?? this.expected).capabilities
  }

  /** Resolves when it is known which runner it is; rejects with what keeps the place from being reached. */
  async choose(): Promise<Runner> {
    if (this.chosen) return this.chosen
    this.choice ??= this.makeChoice().finally(() => (this.choice = undefined))
    return (this.chosen = await this.choice)
  }

  spawn(argv: readonly string[], options: SpawnOptions = {}): Command {
    if (this.closed) throw new ContainersError('CLOSED', 'The runner was closed; make another one.')
    if (this.chosen) return this.chosen.spawn(argv, options)
    const { argv: checked, env } = planSpawn(argv, options, this.expected.timeoutBoundsMs)
    let runner: CommandRunner | undefined
    const decision = {
      when: 'its container was reached',
      make: async () => {
        try {
          runner = await this.choose()
          return undefined
        } catch (error) {
          return toSpawnError(error)
        }
      },
    }
    const kept = { ...options, ...(options.env && { env }) }
    const command = new DeferredCommand(checked, kept, decision, (argv, options) => {
      if (!runner) throw new ContainersError('CLOSED', 'The runner was closed; make another one.')
      return runner.spawn(argv, options)
    })
    this.undecided.add(command)
    void command.decided.then(() => this.undecided.delete(command))
    return command.handle
  }

  run(argv: readonly string[], options: RunOptions = {}): Promise<CommandResult> {
    return runCommand((argv, options) => this.spawn(argv, options), argv, options)
  }

  async openSession(options?: SessionOptions): Promise<Session> {
    if (this.closed) throw new ContainersError('CLOSED', 'The runner was closed; make another one.')
    return (await this.choose()).openSession(options)
  }

  async attach(id: string, options?: AttachCommandOptions): Promise<Command> {
    return (await this.chosenFor(options)).attach(id, options)
  }

  async list(options?: { signal?: AbortSignal }): Promise<readonly ListedCommand[]> {
    return (await this.chosenFor(options)).list(options)
  }

  async forget(id: string, options?: { signal?: AbortSignal }): Promise<void> {
    await (await this.chosenFor(options)).forget(id, options)
  }

  private chosenFor({ signal }: { signal?: AbortSignal } = {}): Promise<Runner> {
    if (this.closed) throw new ContainersError('CLOSED', 'The runner was closed; make another one.')
    return abortable(this.choose(), 'Reaching the container', signal)
  }

  async close(): Promise<void> {
    this.closed = true
    await Promise.all([...this.undecided].map(({ handle }) => handle.close()))
    await Promise.all([this.chosen?.close(), this.expected.close?.()])
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

function toSpawnError(error: unknown): SpawnError {
  const message = error instanceof Error ? error.message : String(error)
  const known = isContainersError(error) ? { code: error.code, details: error.details } : {}
  return new SpawnError('connect', message, { ...known, cause: error })
}
