import { defaultTimeoutBounds, type TimeoutBounds } from '../command/spawn-plan.js'
import { invalidOption } from '../errors/invalid-option.js'
import type { SecretEvent } from '../events/secret-events.js'
import type { SecretStore } from '../ports/secret-store.js'

/** How many bytes of one stream may be on their way or wait for their reader. */
const defaultWindowBytes = 1024 * 1024
/** How long a supervisor may be silent before it is asked for a sign of life, and then before it is given up. */
const defaultHeartbeatMs = 15_000
/** How long commands whose connection was lost may wait for another. */
const defaultOrphanGraceMs = 5_000
const longestOrphanGraceMs = 600_000

/** What every supervised runner may be given. */
export interface SupervisedRunnerOptions {
  /** The least and most that `timeoutMs` and `idleTimeoutMs` may be. Default: 1,000 to 3,600,000. */
  timeoutBoundsMs?: TimeoutBounds
  /** Bytes of one output stream that may wait for a slow reader before the process itself waits. Default: 1 MiB. */
  windowBytes?: number
  /**
   * How long a supervisor whose commands run may be silent before it is asked for a sign of life, and again before
   * its stream is given up, in milliseconds; also how often it is given a sign of life. When it hears nothing for
   * three times as long (1 s at least), it takes this host for gone, even where the stream to it has not ended, and
   * `orphanGraceMs` begins: a process that stands still for longer, as in a debugger, loses its commands. Default:
   * 15,000.
   */
  heartbeatMs?: number
  /**
   * How long commands go on without a host when the connection to the engine is lost, in milliseconds, 0 to 600,000.
   * The runner opens another and goes on with them where they were; when the host does not come back in this time,
   * as one that was killed, they are killed. 0: at once. Without effect where the supervisor is a child of this
   * process. Default: 5,000.
   */
  orphanGraceMs?: number
  /** Where the secrets are that commands are given. Asked just before each run. */
  secretStore?: SecretStore
  /** Told what became of the secrets of each command. What it throws is dropped. */
  onSecrets?: (event: SecretEvent) => void
}

/** The numbers among the options, with their defaults. Throws `INVALID_OPTION`. */
export function planRunner(options: SupervisedRunnerOptions): {
  readonly windowBytes: number
  readonly heartbeatMs: number
  readonly orphanGraceMs: number
} {
  const { windowBytes = defaultWindowBytes, heartbeatMs = defaultHeartbeatMs } = options
  const { orphanGraceMs = defaultOrphanGraceMs, timeoutBoundsMs = defaultTimeoutBounds } = options
  checkRange('windowBytes', windowBytes, 4096, 64 * 1024 * 1024)
  checkRange('heartbeatMs', heartbeatMs, 10, 3_600_000)
  checkRange('orphanGraceMs', orphanGraceMs, 0, longestOrphanGraceMs)
  checkRange('timeoutBoundsMs.minimum', timeoutBoundsMs.minimum, 1, timeoutBoundsMs.maximum)
  return { windowBytes, heartbeatMs, orphanGraceMs }
}

function checkRange(option: string, value: number, least: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return
  throw invalidOption(option, `must be a whole number from ${least} to ${most}`, value)
}

/** So much that a supervisor which may send a whole window need not wait for the acknowledgement of another. */
export function keptBytes(windowBytes: number): number {
  return 2 * windowBytes
}

/** Several signs of life may be late before a supervisor takes us for gone, and so may one that a busy host is slow to give. */
export function silenceMs(heartbeatMs: number): number {
  return Math.max(3 * heartbeatMs, 1_000)
}
