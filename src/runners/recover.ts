import { ContainersError, isContainersError } from '../errors/containers-error.js'
import type { SupervisorConnection } from '../supervisor/connection.js'
import { openPlace, shortcutHelloMs } from './connect-place.js'
import type { OpenedPlace, StreamOpener } from './place.js'

const firstPauseMs = 10
const longestPauseMs = 500
/** Beyond the grace, a supervisor that killed its commands still tells how they ended. */
const slackMs = 2_000
/** How long the first stream may take, of which a busy engine needs one for an exec; each further one twice as long. */
const firstAttemptMs = 3_000

/**
 * Opens streams until one of them carries the connection on, and gives that one; or gives the connection up: when the
 * grace is over, or when there is nothing left to go on with. A place that is paused is waited for. Never rejects.
 */
export async function recover(
  connection: SupervisorConnection,
  open: StreamOpener,
  lost: ContainersError,
  orphanGraceMs: number,
  signal: AbortSignal,
): Promise<OpenedPlace | undefined> {
  let deadline = performance.now() + orphanGraceMs + slackMs
  const attempt = async (number: number) => {
    const left = Math.max(1, Math.ceil(deadline - performance.now()))
    const most = Math.min(left, firstAttemptMs * 2 ** (number - 1))
    const limit = AbortSignal.any([signal, AbortSignal.timeout(most)])
    const opened = await openPlace(open, limit)
    const onAbort = () => connection.interrupt(new ContainersError('CONNECTION_LOST', 'It took too long.'))
    limit.addEventListener('abort', onAbort)
    const timer = opened.isShortcut ? setTimeout(onAbort, shortcutHelloMs) : undefined
    try {
      await connection.resume(opened.transport)
      return opened
    } finally {
      clearTimeout(timer)
      limit.removeEventListener('abort', onAbort)
    }
  }
  const shouldRetry = ({ error }: { error: Error }) => {
    if (isPaused(error)) deadline = performance.now() + orphanGraceMs + slackMs
    return !connection.isOver && !isFinal(error) && performance.now() < deadline
  }
  try {
    const { default: pRetry } = await import('p-retry')
    return await pRetry(attempt, {
      retries: Infinity,
      minTimeout: firstPauseMs,
      maxTimeout: longestPauseMs,
      signal,
      shouldRetry,
    })
  } catch (error) {
    connection.abandon(given(lost, error))
    return undefined
  }
}

function isPaused(error: unknown): boolean {
  return isContainersError(error, 'CONTAINER_STATE') && error.details['status'] === 'paused'
}

function isFinal(error: unknown): boolean {
  if (isContainersError(error, 'CONNECTION_LOST')) return error.details['gone'] === true
  if (isContainersError(error, 'CONTAINER_STATE')) return !isPaused(error)
  return isContainersError(error, 'CONTAINER_NOT_FOUND') || isContainersError(error, 'SUPERVISOR_PROTOCOL')
}

function isReplaced(error: unknown): boolean {
  return isContainersError(error, 'CONNECTION_LOST') && error.details['replaced'] === true
}

/** What the commands are told: the first loss, and why it stayed one. */
function given(lost: ContainersError, error: unknown): ContainersError {
  const why = error instanceof Error ? error.message : String(error)
  return new ContainersError('CONNECTION_LOST', `${lost.message} It could not be resumed: ${why}`, {
    cause: error,
    details: { ...lost.details, ...(isReplaced(error) && { replaced: true }) },
  })
}
