import { crypto } from '../../internal/builtins.js'
import { CommandHandle } from '../../command/command-handle.js'
import { noStdin } from '../../command/command-stdin.js'
import { SpawnError } from '../../command/spawn-error.js'
import { createByteStream } from '../../streaming/byte-stream.js'
import { neverRan } from '../to-command-exit.js'

/** The handle of a command whose `signal` was aborted before it was to start. */
export function abortedBefore(argv: readonly string[], cause: unknown): CommandHandle {
  const message = `${JSON.stringify(argv[0])} was not started: its signal was aborted before.`
  return neverStarted(argv, 'aborted', new SpawnError('connect', message, { code: 'ABORTED', cause }))
}

/** The handle of a command that could not be started. */
export function failedToStart(argv: readonly string[], failure: SpawnError): CommandHandle {
  return neverStarted(argv, 'spawnFailed', failure)
}

function neverStarted(argv: readonly string[], reason: 'aborted' | 'spawnFailed', why: SpawnError) {
  const streams = { stdout: createByteStream(), stderr: createByteStream() }
  const handle = new CommandHandle(crypto().randomUUID(), argv, noStdin().writable, streams, {
    kill: () => Promise.resolve({ killed: 0, survivors: [], verified: true }),
    extendTimeout: () => {},
  })
  handle.settle(neverRan(reason, why.message), why)
  return handle
}
