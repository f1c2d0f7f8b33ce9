import { setTimeout as delay } from 'node:timers/promises'
import type { CommandExit } from '../command/command-exit.js'
import { isContainersError } from '../errors/containers-error.js'
import type { ContainerEngine } from '../engine/container-engine.js'
import type { ExecInspection } from '../engine/engine-types.js'
import { signalName } from '../model/signal.js'
import { endsNow, isListed, isOver, type ContainerRun } from './container-run.js'

const FIRST_POLL_MS = 10
const MAX_POLL_MS = 1000
/** How long an engine that does not answer is asked again. */
const PATIENCE_MS = 10_000
/** What the engine notes for an exec whose client vanished, and for one that it could not start. */
const ATTACH_FAILED = 126
const KILLED = 137

/** The exec that is asked about, and what is known of its stream. */
export interface ExecRecord {
  /** What the container was in before the exec was started. */
  readonly run: ContainerRun
  readonly execId: string
  /** The stream broke, or ended inside a frame. */
  readonly cut: boolean
  /** The process's pid as the engine last told it; a container's list of processes has the same. */
  readonly pid: number
  readonly signal?: AbortSignal | undefined
}

/** An exit, with the pid the engine told at last: 0 when the process never was. */
export interface ObservedExit {
  readonly exit: CommandExit
  readonly pid: number
}

/**
 * How an exec ended, as its inspect tells. The end of the stream proves nothing: a process may close its output and
 * go on, and a cut connection looks the same. So inspect is asked until the process is over.
 */
export async function observeExit(engine: ContainerEngine, exec: ExecRecord): Promise<ObservedExit> {
  let polls = 0
  let silentSince: number | undefined
  for (;;) {
    try {
      const inspection = await engine.inspectExec(exec.execId, { signal: exec.signal })
      silentSince = undefined
      if (!inspection.running && inspection.exitCode !== undefined) {
        return await judge(engine, exec, inspection, inspection.exitCode, polls > 0)
      }
    } catch (error) {
      if (exec.signal?.aborted)
        return unknown('aborted', 'Its signal was aborted; the process may still run.')
      if (isContainersError(error) && !error.retryable)
        return await recordGone(engine, exec.run, error.message)
      silentSince ??= Date.now()
      if (Date.now() - silentSince > PATIENCE_MS) return unknown('engineLost', String(error))
    }
    await delay(Math.min(FIRST_POLL_MS * 2 ** polls++, MAX_POLL_MS))
  }
}

async function judge(
  engine: ContainerEngine,
  exec: ExecRecord,
  { pid }: ExecInspection,
  code: number,
  outlivedStream: boolean,
): Promise<ObservedExit> {
  // A true 126 is there as soon as the stream ends; the engine's own comes whenever it sees that its client left.
  const falseCode =
    code === ATTACH_FAILED &&
    (exec.cut || outlivedStream || (await isListed(engine, exec.run.containerId, pid || exec.pid)))
  if (falseCode) {
    return unknown(
      'unknown',
      'The connection was cut, for which the engine notes 126 whatever became of the process.',
    )
  }
  const possibleSignal = code > 128 && code <= 128 + 64 ? signalName(code - 128) : undefined
  if (code === KILLED && (await endsNow(engine, exec.run))) {
    return { pid, exit: { reason: 'containerDied', code, succeeded: false, evidence: 'inspect' } }
  }
  const explanation = exec.cut
    ? 'The connection was cut; output is missing.'
    : outlivedStream && 'The output ended before the process did; some may be missing.'
  return {
    pid,
    exit: {
      reason: 'exited',
      code,
      ...(possibleSignal !== undefined && { possibleSignal }),
      succeeded: code === 0,
      evidence: 'inspect',
      ...(explanation !== false && { explanation }),
    },
  }
}

async function recordGone(engine: ContainerEngine, run: ContainerRun, why: string): Promise<ObservedExit> {
  if (await isOver(engine, run).catch(() => false)) return unknown('containerDied', why)
  return unknown('unknown', `The engine no longer knows the exec: ${why}`)
}

/** The exit of a process about which nothing is known. */
function unknown(reason: CommandExit['reason'], explanation: string): ObservedExit {
  return { pid: 0, exit: { reason, succeeded: false, evidence: 'none', explanation } }
}
