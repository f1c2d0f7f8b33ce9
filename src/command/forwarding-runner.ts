import type { Command } from './command.js'
import type { RunOptions, SpawnOptions } from './command-options.js'
import type { AttachCommandOptions, ListedCommand } from './detached.js'
import type { CommandResult } from './command-result.js'
import type { CommandRunner, RunnerCapabilities } from './command-runner.js'
import type { Session, SessionOptions } from './session.js'

/** A runner that passes everything on to another: the base of those that add to one, or choose one. */
export abstract class ForwardingRunner implements CommandRunner {
  constructor(
    /** Where everything goes that is not overridden. */
    protected readonly inner: CommandRunner,
  ) {}

  get capabilities(): RunnerCapabilities {
    return this.inner.capabilities
  }

  spawn(argv: readonly string[], options?: SpawnOptions): Command {
    return this.inner.spawn(argv, options)
  }

  run(argv: readonly string[], options?: RunOptions): Promise<CommandResult> {
    return this.inner.run(argv, options)
  }

  openSession(options?: SessionOptions): Promise<Session> {
    return this.inner.openSession(options)
  }

  attach(id: string, options?: AttachCommandOptions): Promise<Command> {
    return this.inner.attach(id, options)
  }

  list(options?: { signal?: AbortSignal }): Promise<readonly ListedCommand[]> {
    return this.inner.list(options)
  }

  forget(id: string, options?: { signal?: AbortSignal }): Promise<void> {
    return this.inner.forget(id, options)
  }

  close(): Promise<void> {
    return this.inner.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
