import type { Command } from './command.js'
import type { CommandResult } from './command-result.js'
import type { RunOptions, SpawnOptions } from './command-options.js'
import type { Session, SessionOptions } from './session.js'
import type { AttachCommandOptions, ListedCommand } from './detached.js'

/** What a place can and cannot do, as data. */
export interface RunnerCapabilities {
  /** A supervisor of ours runs the commands; without it the place's own means do, and the rest of this says what is lost. */
  readonly supervised: boolean
  /** Whether a kill reaches every descendant and is proven by the kernel. */
  readonly verifiedKill: boolean
  /** Whether code and signal are the kernel's own and apart. */
  readonly exactExit: boolean
  /** Whether a command's environment holds only what was asked for; else the place's own is in it too. */
  readonly exactEnvironment: boolean
  /** Whether a command waits for a slow reader; else output is dropped after a second, told by the stream's `'gap'`. */
  readonly backpressure: boolean
  /** Whether a command can be run as another user. */
  readonly users: boolean
  /** Whether a command can be given a user of its own, `user: 'unique'`. */
  readonly uniqueUsers: boolean
  /** Whether an exit tells of processes that the kernel killed for want of memory. */
  readonly oomEvidence: boolean
  /** Whether a pause of the place stops the clocks of all limits. */
  readonly pausesLimits: boolean
  /** Whether commands can be given secrets. */
  readonly secrets: boolean
  /** Whether commands can be detached, attached to, listed and forgotten. */
  readonly detached: boolean
  /** Whether a lost host makes attached commands end. */
  readonly endsWithHost: boolean
  /** Whether a command can be given a terminal. */
  readonly terminals: boolean
  /** Whether `files` works, for any user and without programs in the place. */
  readonly files: boolean
  /** Whether `command.waitForPort` works. */
  readonly ports: boolean
  /** Whether sessions can be opened. */
  readonly sessions: boolean
  /** `'same-user'` where commands run as the supervisor's own user and could interfere with it. */
  readonly isolation: 'separate-user' | 'same-user' | 'none'
}

/** Somewhere to run commands. */
export interface CommandRunner extends AsyncDisposable {
  readonly capabilities: RunnerCapabilities
  /**
   * Starts a command and gives its handle at once. Throws `INVALID_OPTION` before anything is touched; whatever
   * happens later is in the handle's `started` and `exit`.
   */
  spawn(argv: readonly string[], options?: SpawnOptions): Command
  /**
   * Runs a command to its end. What it did is in the result; rejects only with `check: true` and when the command
   * never started ({@link SpawnError}). `timeoutMs` defaults to 60,000 here.
   */
  run(argv: readonly string[], options?: RunOptions): Promise<CommandResult>
  /**
   * Opens a session: commands that find folder and environment as the one before left them. Rejects with
   * `INVALID_OPTION`, with {@link SpawnError} when its folder, user or shell is not there, and with `NOT_SUPPORTED` where
   * `capabilities.sessions` is false.
   */
  openSession(options?: SessionOptions): Promise<Session>
  /**
   * Reads a detached command that any process started, from any byte on, then live; several may, each at its own pace.
   * The handle kills and extends as the first one does; its `argv` is the program alone, and closing it only lets go.
   * Rejects with `COMMAND_NOT_FOUND` where none of that id runs or is kept, `NOT_SUPPORTED` for one that is not
   * detached, and `INVALID_OPTION` for an offset beyond its output.
   */
  attach(id: string, options?: AttachCommandOptions): Promise<Command>
  /** The commands that run in the place, whoever started them, and the detached ones that have ended and are kept. */
  list(options?: { signal?: AbortSignal }): Promise<readonly ListedCommand[]>
  /**
   * Drops what is kept of a detached command that has ended, and frees its id. 1,024 are kept at most, and 1 GiB of
   * output in all: then the first to have ended go. Rejects with `COMMAND_NOT_FOUND`, and `COMMAND_RUNNING` for one
   * that runs.
   */
  forget(id: string, options?: { signal?: AbortSignal }): Promise<void>
  /** Ends the commands that this runner started, except detached ones, and lets go of the place. Idempotent. */
  close(): Promise<void>
}
