import { pipeline, type Readable, type Writable } from 'node:stream'
import { BrokenPipe } from '../command/command-stdin.js'

/**
 * Feeds a stream into a command. A source that breaks must not look like the end of the input; a command that closes
 * its stdin, or ends, is nothing out of the ordinary.
 */
export function feedStdin(source: Readable, stdin: Writable, onSourceFailed: (why: string) => void): void {
  pipeline(source, stdin, (error) => {
    if (error && !(error instanceof BrokenPipe)) onSourceFailed(error.message)
  })
}
