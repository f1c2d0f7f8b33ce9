import type { SecretsEnd } from '../model/secrets-end.js'
import type { signalName } from '../model/signal.js'

/**
 * Why a command ended; the first cause wins.
 *
 * - `exited`: by itself, with `code`.
 * - `signaled`: by a signal that we did not send.
 * - `oom`: by the kernel, for memory: a SIGKILL that we did not send, while `oomKills` rose.
 * - `timeout`, `idleTimeout`, `aborted`, `killed`: by us, and our signal met a living process.
 * - `containerDied`: its container ended, was removed, or was killed under it.
 * - `engineLost`: the connection was lost for good; what became of the command is not known.
 * - `spawnFailed`: it never ran.
 * - `refused`: a policy refused it, and it never ran.
 * - `unknown`: it ended and nobody saw how.
 */
export type CommandExitReason =
  | 'exited'
  | 'signaled'
  | 'oom'
  | 'timeout'
  | 'idleTimeout'
  | 'aborted'
  | 'killed'
  | 'containerDied'
  | 'engineLost'
  | 'spawnFailed'
  | 'refused'
  | 'unknown'

/**
 * What the verdict rests on: the kernel's own `wait4` as told by the supervisor, node's child process, the
 * engine's inspect, or nothing (`none`).
 */
export type CommandExitEvidence = 'wait4' | 'childProcess' | 'inspect' | 'none'

/** What became of the processes that the command had started. */
export interface DescendantsReport {
  /** How many were still alive after the command's end and were killed. */
  readonly killed: number
  /** Pids, in the supervisor's numbering, of those that could not be killed. */
  readonly survivors: readonly number[]
  /** True when the kernel itself said that none is left (ECHILD). */
  readonly verified: boolean
}

/** How a command ended: plain data that survives JSON. `code` and `signal` are the kernel's, and never both there. */
export interface CommandExit {
  readonly reason: CommandExitReason
  readonly code?: number
  readonly signal?: ReturnType<typeof signalName>
  /** Plain exec only: a code above 128 that fits this signal, which may be an ordinary `exit 137` too. */
  readonly possibleSignal?: ReturnType<typeof signalName>
  /** `reason` is `'exited'` and `code` is 0. */
  readonly succeeded: boolean
  readonly evidence: CommandExitEvidence
  /** What we had asked for when it ended for another reason first. */
  readonly requested?: 'timeout' | 'idleTimeout' | 'aborted' | 'killed'
  /** What is known beyond the rest, for people: why the engine was lost, why it did not start. */
  readonly explanation?: string
  readonly startedAt?: Date
  readonly finishedAt?: Date
  /** User and system CPU time of the command and the descendants it waited for, in milliseconds. */
  readonly cpuTimeMs?: { readonly user: number; readonly system: number }
  /** Largest resident set of the command and the descendants it waited for. */
  readonly peakMemoryBytes?: number
  /** Bytes of a detached command's output that were dropped before all who were attached had them. */
  readonly lostOutputBytes?: number
  readonly descendants?: DescendantsReport
  /**
   * How often the kernel killed a process of the container for want of memory while the command ran; absent when it
   * did not, or where it cannot be told. With another reason than `'oom'` it was not the command itself: a child of
   * it, or something beside it.
   */
  readonly oomKills?: number
  /** For how long its container was paused while it ran, to within a second; absent when it was not. */
  readonly pausedMs?: number
  /** Where it was given secrets: what came of them. */
  readonly secrets?: SecretsEnd
}
