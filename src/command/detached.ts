import type { CommandExit } from './command-exit.js'

/** Where the output of a detached command waits to be read: in the container. */
export interface SpoolOptions {
  /** Bytes kept of each of stdout and stderr, from 65,536 on. Default: 16 MiB. */
  maxBytes?: number
  /**
   * What happens when that is full. `'drop-oldest'` (default): the oldest bytes make room, and readers are told of the
   * gap. `'block'`: the command waits until all who are attached have read on; with nobody there, until somebody comes.
   */
  whenFull?: 'drop-oldest' | 'block'
}

/** Options of {@link CommandRunner.attach}. */
export interface AttachCommandOptions {
  /**
   * From which byte of stdout on, counted from the command's start. Bytes that were dropped are told as a gap.
   * Default: 0, all that is there.
   */
  fromStdoutByte?: number
  /** The same for stderr. */
  fromStderrByte?: number
  /**
   * `'none'`: nothing of its output is read, for those who are after its exit, or to end it. Default: `'read'`.
   *
   * The output of a command with secrets is masked by whoever reads it, with the values that the runner's own
   * `secretStore` has under the same names (expired ones too). Where that is not what the command was given, nothing is
   * read and the call rejects with `SECRET_CHANGED`. Offsets count what was printed, not the masks. Where reading
   * begins in the midst of a secret, or bytes were dropped within one, what is there of it is masked but for pieces of
   * less than six bytes, which are met by chance. `onSecrets` is told of secrets that have expired, also before.
   */
  output?: 'read' | 'none'
  /** Gives up the call. Once it has resolved, this changes nothing. */
  signal?: AbortSignal
}

/** Which bytes of an output can be read: from `first` on, up to `end`. */
export interface KeptBytes {
  readonly first: number
  readonly end: number
}

/** A command of a place, whoever started it: plain data that survives JSON. Its arguments are nobody's business. */
export interface ListedCommand {
  readonly id: string
  /** `argv[0]`, at most 64 bytes of it. */
  readonly program: string
  /** Only detached ones can be attached to. */
  readonly detached: boolean
  readonly state: 'running' | 'exited'
  /** In the place's own numbering. */
  readonly pid?: number
  readonly startedAt?: Date
  readonly exit?: CommandExit
  /** Of a detached command. */
  readonly stdout?: KeptBytes
  readonly stderr?: KeptBytes
}
