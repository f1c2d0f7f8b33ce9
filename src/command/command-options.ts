import type { Readable } from 'node:stream'
import type { SecretUse } from '../model/secret-use.js'
import type { SignalName } from '../model/signal.js'
import type { TerminalSize } from '../model/terminal-size.js'
import type { SpoolOptions } from './detached.js'

/**
 * What a command reads. `'pipe'` keeps stdin open until `command.stdin.end()`; every other string is text that it
 * reads as UTF-8, followed by the end-of-file. Text that comes from elsewhere and might be the word `pipe` itself
 * goes in as `{ text }`. A source that breaks gives no end-of-file, and nor does, where a supervisor runs the command,
 * a host that dies: the command is killed and never takes a part for the whole.
 */
export type StdinSource = 'pipe' | (string & {}) | Uint8Array | Readable | { readonly text: string }

/** What becomes of output that nobody reads in time. */
export interface OutputOptions {
  /**
   * What happens when a stream has a reader, and it is too slow. `'block'`: the process waits, and no byte is lost.
   * `'drop-oldest'`: the process never waits; the newest MiB of the stream is kept, and the reader gets a `'gap'` event
   * with a {@link StreamGap} in place of what is missing. Default: `'block'`.
   */
  whenSlow?: 'block' | 'drop-oldest'
  /** `lines()` gives a longer line in pieces of at most so many bytes. 4 bytes to 256 MiB, default 1 MiB. */
  maxLineBytes?: number
}

/** Options of {@link CommandRunner.spawn}. */
export interface SpawnOptions {
  /** Working directory, absolute. Default: the image's, or `/`. */
  cwd?: string
  /**
   * The command's whole environment beside the defaults (`PATH`, `HOME`, `USER`, `LOGNAME`). Nothing else is
   * inherited unless named in `inheritEnv`.
   */
  env?: Readonly<Record<string, string>>
  /** Names of variables passed on from the container's configured environment (or the host's, for HostRunner). */
  inheritEnv?: readonly string[]
  /**
   * Secrets, by their names in the runner's `secretStore`: read just before the run, masked in all it prints (whole
   * values, in the usual spellings; one that pauses within shows less than half), and destroyed when its whole process
   * tree is gone, which the exit says. They rule out `descendants: 'keep'`. Those of a detached command stay until it
   * ends or they expire, whatever becomes of its host; they cannot be rotated.
   */
  secrets?: readonly SecretUse[]
  /**
   * User by name, number or `uid:gid`. Default: the runner's, else the container's configured user.
   *
   * `'unique'`: a user and group that nobody else in the container is, for this command alone, so that commands of
   * others can read neither its environment nor its files and secrets, nor signal it. It has no name, no other group and
   * no rights of its own: `HOME` is `/` unless `env` says otherwise, and folders such as the workspace are writable to
   * it only where their mode lets everybody write. What it creates stays behind under a number that is hardly ever given
   * again. Needs a supervisor that is root (`capabilities.uniqueUsers`); else a {@link SpawnError} with the code
   * `NOT_SUPPORTED`.
   */
  user?: 'unique' | (string & {})
  /** Default: nothing, an immediate end-of-file; in a terminal `'pipe'`. */
  stdin?: StdinSource
  /**
   * Runs it in a terminal of this size, of its own: it is the command's stdin, stdout and stderr and controls its
   * session. All output comes on `stdout`; `stderr` ends at once. What is written to `stdin` is typed, and `end()`
   * types the end-of-file character (Ctrl-D), which a program that reads single keys may take as any other. `TERM` is
   * `xterm-256color` unless given. A kill hangs up: SIGTERM comes with a SIGHUP, since shells ignore SIGTERM there.
   * Needs a supervisor (`capabilities.terminals`). Default: none, three pipes.
   */
  terminal?: TerminalSize
  /**
   * Wall-clock limit in milliseconds, 1,000 to 3,600,000 unless the runner was given other bounds. Time in which the
   * container is paused does not count, for this limit and the next two. Default: none.
   */
  timeoutMs?: number
  /**
   * Limit on silence: how long the command may print nothing on stdout and stderr, in milliseconds, within the same
   * bounds. Output that waits for a slow reader is no silence. Default: none.
   */
  idleTimeoutMs?: number
  /** Time between SIGTERM and SIGKILL, in milliseconds. Default: 2,000. */
  graceMs?: number
  /** Slow readers and long lines. */
  output?: OutputOptions
  /** What becomes of processes that the command leaves behind. Default: `'kill'`. */
  descendants?: 'kill' | 'keep'
  /**
   * The command's id, 1 to 128 bytes, which no other command that runs or is kept in the place has; one that is in
   * use is a {@link SpawnError} with the code `COMMAND_ID_TAKEN`. Default: a random one.
   */
  id?: string
  /**
   * The command outlives its host: it goes on when its runner is closed or its process dies, and anybody attaches to it
   * by its `id`, which must be given. Its output is kept in the container, and so is its exit, until it is forgotten.
   * Closing a handle of it only lets go. `stdin` may be text or bytes; where the host dies before they were handed
   * over, the command is killed. Needs `capabilities.detached`. Default: false.
   */
  detached?: boolean
  /** How the output of a detached command is kept. */
  spool?: SpoolOptions
  /** Kills the command when aborted; the exit's reason is then `'aborted'`. */
  signal?: AbortSignal
}

/** Options of {@link CommandRunner.run}. */
export interface RunOptions extends SpawnOptions {
  /** Bytes retained of each stream; the head and the tail are kept beyond it. Default: 16 MiB. */
  maxOutputBytes?: number
  /** Reject with {@link CommandFailedError} unless the command exits with 0. Default: false. */
  check?: boolean
}

/** Options of {@link Command.waitForPort}. */
export interface WaitForPortOptions {
  /**
   * IP address at which it must be reached, within the place: `'127.0.0.1'`, or `'0.0.0.0'` for a server on every
   * interface, as a published port needs. Default: any.
   */
  host?: string
  /** Time until `DEADLINE_EXCEEDED`, in milliseconds. Default: 30,000. */
  timeoutMs?: number
  /** Aborts the wait, not the command. */
  signal?: AbortSignal
}

/** Options of {@link Command.waitForLog}. */
export interface WaitForLogOptions {
  /** Default: both. */
  stream?: 'stdout' | 'stderr'
  /** Time until `DEADLINE_EXCEEDED`, in milliseconds. Default: 30,000. */
  timeoutMs?: number
  /** Aborts the wait, not the command. */
  signal?: AbortSignal
}

/** Options of {@link Command.kill}. */
export interface KillOptions {
  /** First signal. Default: `SIGTERM`. */
  signal?: SignalName
  /** Time until SIGKILL, in milliseconds. Default: the command's own `graceMs`. */
  graceMs?: number
}
