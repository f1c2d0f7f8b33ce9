import { setTimeout as delay } from 'node:timers/promises'
import type Docker from 'dockerode'
import { HttpError } from './http-error.js'

const pollMs = 50

/** Removes a container; one that is gone, or that somebody else is removing, is removed once it is gone. */
export async function removeContainer(
  container: Docker.Container,
  query: { force: boolean; v: boolean },
  abortSignal: AbortSignal,
): Promise<void> {
  if (await isDone(container.remove({ ...query, abortSignal } as Docker.ContainerRemoveOptions))) return
  while (!(await isGone(container, abortSignal))) await delay(pollMs, undefined, { signal: abortSignal })
}

async function isDone(removal: Promise<unknown>): Promise<boolean> {
  try {
    await removal
    return true
  } catch (error) {
    if (!(error instanceof HttpError)) throw error
    if (error.statusCode === 404) return true
    if (error.statusCode === 409 && /already in progress/i.test(error.engineMessage)) return false
    throw error
  }
}

async function isGone(container: Docker.Container, abortSignal: AbortSignal): Promise<boolean> {
  try {
    await container.inspect({ abortSignal })
    return false
  } catch (error) {
    if (error instanceof HttpError && error.statusCode === 404) return true
    throw error
  }
}
