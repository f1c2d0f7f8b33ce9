import type { Writable } from 'node:stream'
import type { CommandExit } from '../command/command-exit.js'
import type { ContainerEngine } from '../engine/container-engine.js'
import { nodeStream } from '../internal/builtins.js'
import { createDeferred } from '../internal/deferred.js'
import type { ByteReadable } from '../streaming/byte-readable.js'
import { demuxStream } from '../streaming/demux-stream.js'
import { checkExecOptions, type ExecOptions } from './exec-options.js'

/** A command started by the engine's own exec. It cannot be killed, and its code can be ambiguous above 128. */
export interface ContainerExec {
  readonly argv: readonly string[]
  /** Already ended unless `stdin: 'pipe'`. */
  readonly stdin: Writable
  /** Bytes; what nobody reads is drained into a bounded buffer. */
  readonly stdout: ByteReadable
  readonly stderr: ByteReadable
  /**
   * Resolves when the process is there, or has been. Rejects with `SPAWN_FAILED`, or with what kept the engine from
   * starting it: `CONTAINER_STATE`, `CONTAINER_NOT_FOUND`, `ENGINE_UNREACHABLE`, `ABORTED`. May be left alone.
   */
  readonly started: Promise<void>
  /** Resolves for every outcome and never rejects. */
  readonly exit: Promise<CommandExit>
}

/**
 * Runs a command by the engine's own exec, which any running container allows and which needs nothing of ours in it.
 * Throws `INVALID_OPTION` before anything is touched.
 */
export function execInContainer(
  engine: ContainerEngine,
  containerId: string,
  argv: readonly string[],
  options: ExecOptions = {},
): ContainerExec {
  checkExecOptions(argv, options)
  const { PassThrough } = nodeStream()
  const framed = new PassThrough()
  const { signal, maxStallMs } = options
  const { stdout, stderr } = demuxStream(framed, {
    ...(signal !== undefined && { signal }),
    ...(maxStallMs !== undefined && { maxStallMs }),
  })
  const stdin = new PassThrough()
  for (const stream of [framed, stdin, stdout, stderr]) stream.on('error', () => {}) // `exit` tells; readers hear it too
  const started = createDeferred<void>()
  started.promise.catch(() => {})
  const exit = import('./run-exec.js').then(({ runExec }) =>
    runExec(engine, containerId, argv, options, { stdin, framed, started }),
  )
  return { argv, stdin, stdout, stderr, started: started.promise, exit }
}
