import { crypto } from '../../internal/builtins.js'
import { CommandHandle } from '../../command/command-handle.js'
import { noStdin } from '../../command/command-stdin.js'
import { SpawnError } from '../../command/spawn-error.js'
import { createByteStream } from '../../streaming/byte-stream.js'
import { neverRan } from '../to-command-exit.js'

/** The handle of a command whose `signal` was aborted before it was to start. */
export function neverStarted(argv: readonly string[], cause: unknown): CommandHandle {
  const message = `${JSON.stringify(argv[0])} was not started: its signal was aborted before.`
  const streams = { stdout: createByteStream(), stderr: createByteStream() }
  const handle = new CommandHandle(crypto().randomUUID(), argv, noStdin().writable, streams, {
    kill: () => Promise.resolve({ killed: 0, survivors: [], verified: true }),
    extendTimeout: () => {},
  })
  handle.settle(neverRan('aborted', message), new SpawnError('connect', message, { code: 'ABORTED', cause }))
  return handle
}
