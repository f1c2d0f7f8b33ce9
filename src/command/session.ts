import type { Command } from './command.js'
import type { RunOptions, SpawnOptions } from './command-options.js'
import type { CommandResult } from './command-result.js'

/** The shell that runs a session: `'none'` where an image has neither, and the library keeps folder and environment. */
export type SessionShell = 'bash' | 'sh' | 'none'

/** Options of {@link CommandRunner.openSession}. */
export interface SessionOptions {
  /** Folder to begin in, absolute. Default: the image's, or `/`. */
  cwd?: string
  /** Environment to begin with, beside the defaults (`PATH`, `HOME`, `USER`, `LOGNAME`). */
  env?: Readonly<Record<string, string>>
  /** Names of variables passed on from the container's configured environment (or the host's, for HostRunner). */
  inheritEnv?: readonly string[]
  /** User of all the session's commands. Default: the runner's, else the container's configured user. `'unique'` is refused. */
  user?: string
  /** Default: bash where there is one, else sh where there is one, else none. */
  shell?: SessionShell
  /** Calls the opening off. */
  signal?: AbortSignal
}

/**
 * What belongs to the session, and is not chosen for one command; secrets, which a shell might keep; and what detaches
 * a command, since the next one waits for its end.
 */
export type NotInSessions = 'cwd' | 'env' | 'inheritEnv' | 'user' | 'secrets' | 'detached' | 'spool'

/** Options of {@link Session.spawn}. */
export type SessionSpawnOptions = Omit<SpawnOptions, NotInSessions>

/** Options of {@link Session.run}. */
export type SessionRunOptions = Omit<RunOptions, NotInSessions>

/**
 * Commands one after another, each of which finds the folder and the environment as the one before it left them; with
 * bash also its functions, with any shell its variables, aliases, options and umask.
 *
 * Each command has processes of its own, with an exit, a kill and a time limit as exact as any; so none can end the
 * session or make it hang. What a command changed counts when it came to its end by itself, whatever its code. One
 * that was killed, timed out or aborted leaves the session as it was before, and so does one that replaces the shell
 * (`exec`), or one that calls `exit` after it has set a trap on EXIT.
 *
 * Commands that are asked for while another runs wait for it, in order. Jobs that a command leaves in the background
 * are killed at its end, unless it has `descendants: 'keep'`.
 */
export interface Session extends AsyncDisposable {
  readonly shell: SessionShell
  /** The folder that the next command begins in, as far as commands have ended. */
  readonly cwd: string
  /** The environment that the next command begins with; values that are not UTF-8 have replacement characters here. */
  readonly env: Readonly<Record<string, string>>
  /**
   * Starts a command, after those that were asked for before it. What only a shell knows (`cd`, `export`, `umask`, a
   * function or alias of the session and their like) is run by the session's shell, and so is a script from
   * {@link shell}; any other program is started as by {@link CommandRunner.spawn}.
   *
   * Throws `INVALID_OPTION`, also for `cwd`, `env`, `inheritEnv` and `user`, which belong to the session, and for
   * `secrets`, which a shell might keep; `CLOSED`.
   */
  spawn(argv: readonly string[], options?: SessionSpawnOptions): Command
  /**
   * Runs a command to its end, as {@link CommandRunner.run}. When the session's folder is gone, rejects with a
   * {@link SpawnError} of the stage `'cwd'`, until a `cd` to an absolute path leads out of it.
   */
  run(argv: readonly string[], options?: SessionRunOptions): Promise<CommandResult>
  /** Kills the command that runs, and calls off those that wait. Idempotent. */
  close(): Promise<void>
}
