import type { Readable, Writable } from 'node:stream'
import type { CommandExit, DescendantsReport } from './command-exit.js'
import type { KillOptions, WaitForLogOptions, WaitForPortOptions } from './command-options.js'
import type { TerminalSize } from '../model/terminal-size.js'
import type { MessageStore } from '../ports/message-store.js'
import type { Recording, RecordOptions } from './recording.js'

/** One line of output, without its line end. */
export interface OutputLine {
  readonly text: string
  /** The line goes on in the next one: it is longer than `maxLineBytes`, or was cut off by a gap. */
  readonly partial: boolean
  /** Bytes that are missing between the line before and this one, because nobody read in time. */
  readonly droppedBefore: number
}

/** A running command. Streams that nobody reads hang nothing: they are drained into a bounded buffer. */
export interface Command extends AsyncDisposable {
  /** Unique within the place that runs it. */
  readonly id: string
  readonly argv: readonly string[]
  /** Resolves when the process runs; rejects with {@link SpawnError} when it never did. May be left alone. */
  readonly started: Promise<void>
  /** Resolves for every outcome, the loss of the engine included, and never rejects. */
  readonly exit: Promise<CommandExit>
  /**
   * Writes go to the command; `end()` is a real end-of-file. Already ended unless spawned with `stdin: 'pipe'`. A write
   * after the end is refused with `ERR_STREAM_WRITE_AFTER_END` and costs nothing of what was written in time; one that
   * the command takes no more gets `EPIPE`.
   */
  readonly stdin: Writable
  /** Bytes, with backpressure to the process itself once somebody reads. */
  readonly stdout: Readable
  readonly stderr: Readable
  /** Lines of a stream as text, without their line ends. Leaving the loop early only stops listening. */
  lines(stream?: 'stdout' | 'stderr'): AsyncIterable<string>
  /** The same with what is to be known of each line: whether it is all of it, and what is missing before it. */
  outputLines(stream?: 'stdout' | 'stderr'): AsyncIterable<OutputLine>
  /** The whole of a stream as text, up to `maxBytes` (default 16 MiB; the head and the tail are kept beyond it). */
  text(stream?: 'stdout' | 'stderr', options?: { maxBytes?: number }): Promise<string>
  /**
   * Copies the output into a store, from now on (called right after `spawn`: all of it), beside whoever reads it. A
   * store that is slow or fails holds nothing up; the recording tells of it.
   */
  recordTo(store: MessageStore, options?: RecordOptions): Recording
  /**
   * SIGTERM (or `signal`) to the whole process tree, after the grace SIGKILL; resolves when the kernel says that
   * nothing is left, or with who survived. Safe to call at any time and more than once.
   */
  kill(options?: KillOptions): Promise<DescendantsReport>
  /** Adds to the wall-clock limit. Does nothing once the command has ended. */
  extendTimeout(ms: number): void
  /**
   * Gives the command's terminal another size, which its foreground programs are told by SIGWINCH. Throws
   * `NOT_SUPPORTED` where it has no terminal, `COMMAND_ENDED` once it has ended.
   */
  resize(size: TerminalSize): void
  /**
   * Resolves as soon as something listens at a TCP port where the command runs, be it the command or not; where it
   * listens already, at once.
   *
   * @throws `COMMAND_ENDED` when the command ends before, `DEADLINE_EXCEEDED`, `ABORTED`; `NOT_SUPPORTED` where
   * `capabilities.ports` is false.
   */
  waitForPort(port: number, options?: WaitForPortOptions): Promise<void>
  /**
   * Resolves with the first line of output that the pattern matches, or that has the text, from now on (called right
   * after `spawn`: of all), beside whoever reads it.
   *
   * @throws `COMMAND_ENDED`, `DEADLINE_EXCEEDED`, `ABORTED`.
   */
  waitForLog(pattern: string | RegExp, options?: WaitForLogOptions): Promise<string>
  /**
   * Asks the secret store for one of the command's secrets anew and replaces each file that holds it; readers find the
   * old or the new value, whole, and both are masked. Rejects with `INVALID_OPTION` for a secret that it was not given,
   * `NOT_SUPPORTED` for one that is in its environment alone, `SECRET_DELIVERY_FAILED` when it has ended, and with what
   * the store says.
   */
  rotateSecret(name: string): Promise<void>
  /** Kills the command if it still runs; of a detached one it only lets go, and `exit` says so (`'unknown'`). */
  close(): Promise<void>
}
