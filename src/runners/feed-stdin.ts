import { BrokenPipe, fixedStdin, noStdin, pipedStdin, type StdinFeed } from '../command/command-stdin.js'
import type { SpawnPlan } from '../command/spawn-plan.js'
import { nodeStream } from '../internal/builtins.js'
import type { Readable, Writable } from 'node:stream'

/**
 * Feeds a stream into a command. A source that breaks must not look like the end of the input; a command that closes
 * its stdin, or ends, is nothing out of the ordinary.
 */
export function feedStdin(source: Readable, stdin: Writable, onSourceFailed: (why: string) => void): void {
  nodeStream().pipeline(source, stdin, (error) => {
    if (error && !(error instanceof BrokenPipe)) onSourceFailed(error.message)
  })
}

/** What gives a command its stdin as planned. */
export function stdinOf(stdin: SpawnPlan['stdin']): StdinFeed {
  if (stdin.kind === 'none') return noStdin()
  return stdin.kind === 'bytes' ? fixedStdin(stdin.bytes) : pipedStdin()
}
