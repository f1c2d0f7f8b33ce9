import type { ArmedWait } from '../engine/container-engine.js'
import { isContainersError } from '../errors/containers-error.js'
import {
  classifyExit,
  SIGKILL_CODE,
  type ExitObservation,
  type StopEvidence,
} from '../model/classify-exit.js'
import type { ContainerExit } from '../model/container-exit.js'
import { ExitObserver } from './exit-observer.js'
import { sawOomEvent } from './past-events.js'
import { closedError, type HarnessContext } from './harness-context.js'

/** Waits for the end of the run that `armed` was armed for, or of the run of now. */
export async function awaitExit(
  context: HarnessContext,
  reference: string,
  armed?: ArmedWait,
): Promise<ContainerExit> {
  const { engine, closing: signal, reconnectMs, stops } = context
  const observer = new ExitObserver(reference, { engine, signal, reconnectMs })
  try {
    const seen = await observer.observe(armed)
    const ours = stops.evidence(observer.names)
    const oomKilled =
      seen.oomKilled || (isUnexplained(seen, ours) && (await wasOom(context, reference, seen)))
    return classifyExit({ ...seen, oomKilled }, ours)
  } catch (error) {
    throw signal.aborted && !isContainersError(error, 'CLOSED') ? closedError(engine, error) : error
  }
}

/** Killed, and neither by us nor, as far as the engine's flag goes, for memory. */
function isUnexplained(seen: ExitObservation, ours: StopEvidence): boolean {
  return seen.code === SIGKILL_CODE && !seen.gone && !ours.sentSignals.includes('SIGKILL')
}

async function wasOom(
  { engine, closing: signal }: HarnessContext,
  id: string,
  { startedAt }: ExitObservation,
): Promise<boolean> {
  try {
    return startedAt !== undefined && (await sawOomEvent({ engine, id, startedAt, signal }))
  } catch {
    return false // what is known of the exit stays known
  }
}
