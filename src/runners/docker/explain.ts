import { setTimeout as delay } from 'node:timers/promises'
import type { ContainerEngine } from '../../engine/container-engine.js'
import type { ContainerInspection } from '../../engine/engine-types.js'
import { ContainersError, isContainersError } from '../../errors/containers-error.js'
import type { Loss } from '../place.js'
import { assertRunning } from './container-state.js'

/** An engine notices a container's end a little after its streams have. */
const patienceMs = 2_000
const firstPauseMs = 10

/** Why a stream that was open has ended: the container's end, or something between it and us. */
export async function explainLoss(
  engine: ContainerEngine,
  container: ContainerInspection,
  lost: ContainersError,
): Promise<Loss> {
  if (lost.code === 'SUPERVISOR_PROTOCOL') return { reason: 'unknown', explanation: lost.message }
  const deadline = Date.now() + patienceMs
  for (let pause = firstPauseMs; ; pause *= 2) {
    const ending = await endingOf(engine, container).catch((error: unknown) => error as Error)
    if (typeof ending === 'string') return { reason: 'containerDied', explanation: ending }
    if (ending === undefined && lost.details['replaced'] === true) return supervisorEnded(container)
    if (Date.now() + pause > deadline) {
      const beyond = ending instanceof Error ? ` The engine says: ${ending.message}` : ''
      return { reason: 'engineLost', explanation: `${lost.message}${beyond}` }
    }
    await delay(pause)
  }
}

/** What it ran is killed at once where it ends; whether that was the end of it, nobody could see. */
function supervisorEnded({ name }: ContainerInspection): Loss {
  const explanation = `The supervisor in container ${name} ended, or was killed, while the command ran.`
  return { reason: 'unknown', explanation }
}

/** How the container ended since `container` was seen; undefined when it runs on. */
async function endingOf(
  engine: ContainerEngine,
  container: ContainerInspection,
): Promise<string | undefined> {
  try {
    const { state } = await engine.inspectContainer(container.id, { deadlineMs: patienceMs })
    const same = state.running && state.startedAt?.getTime() === container.state.startedAt?.getTime()
    if (same && !state.restarting) return undefined
    if (state.running) return `Container ${container.name} was restarted while the command ran.`
    return `Container ${container.name} ended (code ${state.exitCode}) while the command ran.`
  } catch (error) {
    if (isContainersError(error, 'CONTAINER_NOT_FOUND')) {
      return `Container ${container.name} was removed while the command ran.`
    }
    throw error
  }
}

/** The error for an exec on which no supervisor said HELLO. */
export async function explainRefusal(
  engine: ContainerEngine,
  container: ContainerInspection,
  lost: ContainersError,
  stderr: string,
): Promise<ContainersError> {
  // It may have been stopped or paused after it was looked at.
  assertRunning(await engine.inspectContainer(container.id))
  const said = [lost.details['said'], stderr].filter(Boolean).join(' ')
  return new ContainersError(
    'SUPERVISOR_DELIVERY_FAILED',
    `The supervisor did not start in container ${container.name}: ${said || lost.message}`,
    { cause: lost, details: { container: container.name } },
  )
}
