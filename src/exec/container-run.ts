import { setTimeout as delay } from 'node:timers/promises'
import { isContainersError } from '../errors/containers-error.js'
import type { ContainerEngine } from '../engine/container-engine.js'

/** The engine learns of a container's end a moment after that of its execs. */
const CHECKS_MS = [0, 30, 150, 500]

/** A container between one start and its next end. It may be started again, and then looks as if nothing had been. */
export interface ContainerRun {
  readonly containerId: string
  /** By the engine's clock, which is compared with itself only. */
  readonly startedAt: Date | undefined
}

/** The run that a container is in. */
export async function seeRun(
  engine: ContainerEngine,
  containerId: string,
  signal?: AbortSignal,
): Promise<ContainerRun> {
  const { state } = await engine.inspectContainer(containerId, { signal })
  return { containerId, startedAt: state.startedAt }
}

/** Whether the container does not run, or was started again since. */
export async function isOver(engine: ContainerEngine, run: ContainerRun): Promise<boolean> {
  return (await mainPid(engine, run)) === undefined
}

/** Whether the run ended about now. Its main process, seen alive after something else ended, says that it did not. */
export async function endsNow(engine: ContainerEngine, run: ContainerRun): Promise<boolean> {
  for (const ms of CHECKS_MS) {
    if (ms > 0) await delay(ms)
    const pid = await mainPid(engine, run)
    if (pid === undefined) return true
    if (await isListed(engine, run.containerId, pid)) return false
  }
  return false
}

/** Whether the container's list of processes has the pid, and not only what is left to be reaped. */
export async function isListed(engine: ContainerEngine, containerId: string, pid: number): Promise<boolean> {
  if (pid === 0) return false
  try {
    const { titles, processes } = await engine.containerTop(containerId)
    const column = titles.indexOf('PID')
    return processes.some((row) => row[column] === String(pid) && !row.at(-1)?.endsWith('<defunct>'))
  } catch {
    return false // no list of processes: the container is over
  }
}

/** The pid of the run's first process, by the engine's count; undefined when the run is over. */
async function mainPid(engine: ContainerEngine, run: ContainerRun): Promise<number | undefined> {
  try {
    const { state } = await engine.inspectContainer(run.containerId)
    const same = state.startedAt?.getTime() === run.startedAt?.getTime()
    return same && state.running && !state.restarting ? state.pid : undefined
  } catch (error) {
    if (isContainersError(error, 'CONTAINER_NOT_FOUND')) return undefined
    throw error
  }
}
