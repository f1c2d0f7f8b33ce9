import type { ContainerEngine } from '../engine/container-engine.js'
import { ContainersError, isContainersError } from '../errors/containers-error.js'
import type { PullProgress, RegistryAuth } from './image-options.js'

const RETRIES = 3
const FIRST_WAIT_MS = 500
/** A registry's answers that the same question gets again. */
const lasting =
  /unauthorized|credentials|denied|forbidden|not found|unknown|unsupported|no matching manifest|invalid|certificate|x509|HTTP response to HTTPS client|no space left/i

/**
 * Pulls an image, trying again what may pass: registries that time out, answer with a failure of theirs, or cut the
 * connection. Throws `IMAGE_NOT_FOUND`, `PULL_FAILED`, `ABORTED`.
 */
export async function pullImage(
  engine: ContainerEngine,
  reference: string,
  auth: RegistryAuth | undefined,
  report: (progress: PullProgress) => void,
  signal: AbortSignal,
): Promise<void> {
  const { default: pRetry } = await import('p-retry') // ESM only, which require() does not take everywhere
  const attempt = async (): Promise<void> => {
    for await (const { status, id, current, total } of await engine.pullImage(reference, auth, { signal })) {
      if (status === undefined) continue
      report({
        kind: 'pull',
        image: reference,
        status,
        ...(id !== undefined && { layer: id }),
        ...(current !== undefined && { currentBytes: current }),
        ...(total !== undefined && { totalBytes: total }),
      })
    }
  }
  try {
    await pRetry(attempt, {
      retries: RETRIES,
      minTimeout: FIRST_WAIT_MS,
      randomize: true,
      signal,
      shouldRetry: ({ error }) => isPassing(error),
    })
  } catch (error) {
    if (!isContainersError(error, 'PULL_FAILED') || isPassing(error)) throw error
    throw new ContainersError('PULL_FAILED', error.message, {
      cause: error,
      details: error.details,
      retryable: false,
    })
  }
}

function isPassing(error: unknown): boolean {
  return isContainersError(error) && error.retryable && !lasting.test(error.message)
}
