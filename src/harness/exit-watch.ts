import type { ArmedWait } from '../engine/container-engine.js'
import { isContainersError } from '../errors/containers-error.js'
import { classifyExit } from '../model/classify-exit.js'
import type { ContainerExit } from '../model/container-exit.js'
import { ExitObserver } from './exit-observer.js'
import { closedError, type HarnessContext } from './harness-context.js'

/** The wait for one run of one container, shared by everybody who waits for it through the same handle. */
export class ExitWatch {
  /** There once it has ended. */
  exit: ContainerExit | undefined

  constructor(readonly result: Promise<ContainerExit>) {
    result.then(
      (exit) => (this.exit = exit),
      () => {}, // nobody may be waiting
    )
  }
}

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
    return classifyExit(seen, stops.evidence(observer.names))
  } catch (error) {
    throw signal.aborted && !isContainersError(error, 'CLOSED') ? closedError(engine, error) : error
  }
}
