import { PassThrough, type Readable, type Writable } from 'node:stream'
import type { ContainerEngine } from '../engine/container-engine.js'
import { ContainersError } from '../errors/containers-error.js'
import { demuxStream } from '../streaming/demux-stream.js'

/** Options of `container.attach`. */
export interface AttachOptions {
  /** Whether `stdin` goes to the main process, which must have been created with `openStdin`. Default: false. */
  stdin?: boolean
  /** It has ended and will be started again: attach to that run. Default: false, and an ended one is refused. */
  nextRun?: boolean
  signal?: AbortSignal
}

/** The main process's own streams. */
export interface Attachment extends AsyncDisposable {
  /** `end()` is a real end-of-file. Already ended unless asked for. */
  readonly stdin: Writable
  /** Bytes; what nobody reads is drained into a bounded buffer. */
  readonly stdout: Readable
  /** Empty where the container has a terminal, which has one stream for both. */
  readonly stderr: Readable
  /** Lets go; the process runs on. Idempotent. */
  close(): Promise<void>
}

export async function attach(
  engine: ContainerEngine,
  id: string,
  { stdin = false, nextRun = false, signal }: AttachOptions,
): Promise<Attachment> {
  const { state, config } = await engine.inspectContainer(id, { signal })
  if (!nextRun && (state.status === 'exited' || state.status === 'dead')) {
    // The engine would accept it and never end it.
    const message = `Container ${id} is ${state.status}: there is nothing to attach to. Read its logs, or attach with nextRun and start it.`
    throw new ContainersError('CONTAINER_STATE', message, {
      details: { container: id, status: state.status },
    })
  }
  const stream = await engine.attachContainer(id, { stdin, stdout: true, stderr: true }, { signal })
  const { stdout, stderr } = config.terminal
    ? { stdout: stream, stderr: new PassThrough().end() }
    : demuxStream(stream, signal ? { signal } : {})
  // Who reads hears of a loss; who does not must not be ended by it.
  for (const each of [stream, stdout, stderr]) each.on('error', () => {})
  const close = (): Promise<void> => {
    stream.destroy()
    return Promise.resolve()
  }
  return {
    stdin: stdin ? stream : new PassThrough().end(),
    stdout,
    stderr,
    close,
    [Symbol.asyncDispose]: close,
  }
}
