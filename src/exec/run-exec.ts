import { finished, Readable, type Duplex, type PassThrough } from 'node:stream'
import { finished as untilFinished } from 'node:stream/promises'
import type { CommandExit } from '../command/command-exit.js'
import { SpawnError } from '../command/spawn-error.js'
import type { ContainerEngine } from '../engine/container-engine.js'
import { ContainersError, isContainersError } from '../errors/containers-error.js'
import type { Deferred } from '../internal/deferred.js'
import { createDemuxer } from '../streaming/demux.js'
import { seeRun, type ContainerRun } from './container-run.js'
import { observeExit } from './exec-exit.js'
import { stdinContent, type ExecOptions } from './exec-options.js'
import { takeStartPlace } from './exec-places.js'
import { readStart } from './read-start.js'
import { startFailure, toSpawnError } from './start-failure.js'

/** The ends of the handle that the run feeds. */
export interface ExecEnds {
  readonly stdin: PassThrough
  /** Takes the multiplexed output. */
  readonly framed: PassThrough
  readonly started: Deferred<void>
}

/** Creates and starts the exec, carries its streams, and finds out how it ended. */
export async function runExec(
  engine: ContainerEngine,
  containerId: string,
  argv: readonly string[],
  options: ExecOptions,
  ends: ExecEnds,
): Promise<CommandExit> {
  const { signal } = options
  let release = (): void => {}
  try {
    release = await takeStartPlace(engine, containerId, signal)
    const [run, execId] = await Promise.all([
      seeRun(engine, containerId, signal),
      createExec(engine, containerId, argv, options),
    ])
    signal?.throwIfAborted()
    const stream = await engine.startExec(execId)
    const onAbort = (): void => void stream.destroy()
    signal?.addEventListener('abort', onAbort, { once: true })
    if (signal?.aborted) onAbort()
    try {
      return await carry(engine, run, execId, argv, options, ends, stream, release)
    } finally {
      signal?.removeEventListener('abort', onAbort)
      stream.destroy()
    }
  } catch (error) {
    return notStarted(argv, signal, ends, error)
  } finally {
    release()
  }
}

function createExec(
  engine: ContainerEngine,
  containerId: string,
  argv: readonly string[],
  { stdin, env, user, cwd }: ExecOptions,
): Promise<string> {
  return engine.createExec(containerId, {
    argv,
    stdin: stdin !== undefined,
    ...(env !== undefined && { env }),
    ...(user !== undefined && { user }),
    ...(cwd !== undefined && { workingDir: cwd }),
  })
}

async function carry(
  engine: ContainerEngine,
  run: ContainerRun,
  execId: string,
  argv: readonly string[],
  options: ExecOptions,
  { stdin, framed, started }: ExecEnds,
  stream: Duplex,
  release: () => void,
): Promise<CommandExit> {
  let cut = false
  let stdinFailure: unknown
  // An end may come as `close` alone, and before anybody waits for it.
  const over = untilFinished(stream, { writable: false }).catch(() => {
    cut = true
  })
  stream.on('error', () => {})
  feed(options, stdin, stream, (error) => (stdinFailure = error))
  const { held, pid } = await readStart(stream, async () => (await engine.inspectExec(execId)).pid)
  release()
  const record = { run, execId, pid, signal: options.signal }
  if (pid === 0 && (stream.readableEnded || stream.destroyed)) {
    await over
    const observed = await observeExit(engine, { ...record, cut })
    const failure = startFailure(argv, stdoutOf(held), observed.pid, observed.exit)
    if (failure !== undefined) throw failure
    started.resolve()
    framed.end(held)
    return explained(observed.exit, stdinFailure)
  }
  started.resolve()
  framed.write(held)
  stream.pipe(framed, { end: false })
  await over
  if (cut) framed.destroy(new ContainersError('CONNECTION_LOST', `The connection of ${argv[0]} was cut.`))
  else framed.end()
  return explained((await observeExit(engine, { ...record, cut })).exit, stdinFailure)
}

/** Brings stdin to the process. A source that fails ends the exec's connection: its input would be taken as whole. */
function feed(
  options: ExecOptions,
  stdin: PassThrough,
  stream: Duplex,
  onFailure: (error: unknown) => void,
): void {
  if (options.stdin === undefined) {
    stdin.end()
    return
  }
  const content = stdinContent(options.stdin)
  if (content instanceof Readable) content.pipe(stdin)
  else if (content !== undefined) stdin.end(content)
  const source = content instanceof Readable ? content : stdin
  finished(source, { writable: false }, (error) => {
    if (!error || stream.destroyed) return
    onFailure(error)
    stream.destroy()
  })
  stdin.pipe(stream)
  // Once the process is gone nobody takes the rest: it is dropped, so that its writer is not left waiting.
  finished(stream, { writable: false }, () => stdin.unpipe(stream).resume())
}

function stdoutOf(held: Buffer): Uint8Array {
  const parts: Uint8Array[] = []
  const demuxer = createDemuxer({ onStdout: (bytes) => parts.push(bytes), onStderr() {}, onSystemError() {} })
  demuxer.push(held)
  return Buffer.concat(parts)
}

function explained(exit: CommandExit, stdinFailure: unknown): CommandExit {
  if (stdinFailure === undefined) return exit
  return { ...exit, explanation: `Its stdin's source failed: ${String(stdinFailure)}` }
}

function notStarted(
  argv: readonly string[],
  signal: AbortSignal | undefined,
  { started, framed, stdin }: ExecEnds,
  error: unknown,
): CommandExit {
  const aborted = signal?.aborted === true
  const cause = aborted
    ? new ContainersError('ABORTED', `${argv[0]} was aborted by its signal.`, { cause: signal.reason })
    : isContainersError(error, 'ENGINE_ERROR')
      ? toSpawnError(argv, error.message, error)
      : error
  started.reject(cause)
  framed.end()
  stdin.resume()
  return {
    reason: aborted ? 'aborted' : cause instanceof SpawnError ? 'spawnFailed' : reasonOf(cause),
    succeeded: false,
    evidence: 'none',
    explanation: cause instanceof Error ? cause.message : String(cause),
  }
}

function reasonOf(error: unknown): CommandExit['reason'] {
  return isContainersError(error, 'ENGINE_UNREACHABLE') ? 'engineLost' : 'spawnFailed'
}
