import type { Command } from '../command/command.js'
import type { SpawnOptions } from '../command/command-options.js'
import type { CommandResult } from '../command/command-result.js'
import type { Launcher, LauncherOf } from '../command/launch.js'
import { runCommand } from '../command/run-command.js'
import type { Session, SessionRunOptions, SessionShell, SessionSpawnOptions } from '../command/session.js'
import { checkSessionCommand } from '../command/session-options.js'
import { ContainersError } from '../errors/containers-error.js'
import type { Keeper } from './keeper.js'

/** Where a session's commands run. */
export interface SessionHost {
  /** Checks and makes a command, which starts when it is told to begin. */
  prepare(
    argv: readonly string[],
    options: SpawnOptions,
    launcherOf: LauncherOf,
  ): { readonly handle: Command; begin(): void }
}

interface Turn {
  begin: () => void
  over: boolean
}

/** Commands one after another, with what one leaves kept for the next. */
export class CommandSession implements Session {
  private readonly commands = new Set<Command>()
  private readonly waiting: Turn[] = []
  private current: Turn | undefined
  private closed = false

  constructor(
    private readonly host: SessionHost,
    private readonly keeper: Keeper,
    private readonly user: string | undefined,
  ) {}

  get shell(): SessionShell {
    return this.keeper.shell
  }

  get cwd(): string {
    return this.keeper.cwd
  }

  get env(): Readonly<Record<string, string>> {
    return this.keeper.env
  }

  spawn(argv: readonly string[], options: SessionSpawnOptions = {}): Command {
    if (this.closed) throw new ContainersError('CLOSED', 'The session was closed; open another one.')
    checkSessionCommand(options)
    const turn: Turn = { begin: () => {}, over: false }
    const user = this.user === undefined ? {} : { user: this.user }
    const { handle, begin } = this.host.prepare(argv, { ...options, ...user }, (plan) =>
      this.inTurn(turn, this.keeper.launcher(plan.argv)),
    )
    this.commands.add(handle)
    void handle.exit.then(() => this.commands.delete(handle))
    turn.begin = begin
    if (!turn.over) this.waiting.push(turn)
    this.next()
    return handle
  }

  run(argv: readonly string[], options: SessionRunOptions = {}): Promise<CommandResult> {
    return runCommand((argv, options) => this.spawn(argv, options), argv, options)
  }

  async close(): Promise<void> {
    this.closed = true
    this.waiting.length = 0
    await Promise.all([...this.commands].map((command) => command.close()))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  private next(): void {
    while (!this.current && this.waiting.length > 0) {
      const turn = this.waiting.shift()
      if (!turn || turn.over) continue
      this.current = turn
      turn.begin()
    }
  }

  /** The state is taken before the next command asks for it. */
  private inTurn(turn: Turn, launcher: Launcher): Launcher {
    return {
      launch: (place) => launcher.launch(place),
      failed: (failure) => launcher.failed(failure),
      thirdOutput: (bytes) => launcher.thirdOutput(bytes),
      ended: (exit) => {
        const told = launcher.ended(exit)
        turn.over = true
        if (this.current === turn) this.current = undefined
        this.next()
        return told
      },
    }
  }
}
