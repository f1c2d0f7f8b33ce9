import * as check from './check-option.js'
import { throwIfClosed, type HarnessContext } from './harness-context.js'

/** When a container ends itself. Milliseconds, 0 for never; what is left out stays as it was. */
export interface ContainerLease {
  /** After so long without a lease that names this again: an owner that is gone renews nothing. */
  leaseMs?: number
  /** After so long without a running command and without a connection; that of a runner or of `files` is one. */
  idleMs?: number
  /** After so long in any case, from now on. */
  ttlMs?: number
}

const longestMs = 366 * 24 * 3_600_000
const lease = check.shape({
  leaseMs: check.integer(0, longestMs),
  idleMs: check.integer(0, longestMs),
  ttlMs: check.integer(0, longestMs),
})

/** Throws `INVALID_OPTION` before anything is touched. */
export async function setLease(
  context: HarnessContext,
  id: string,
  limits: ContainerLease,
  signal: AbortSignal = context.closing,
): Promise<void> {
  lease('lease', limits)
  throwIfClosed(context)
  const { leaseContainer } = await import('../runners/docker/lease-container.js')
  await leaseContainer(context.engine, id, limits, AbortSignal.any([signal, context.closing]))
}
