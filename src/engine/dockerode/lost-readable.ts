import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { ContainersError } from '../../errors/containers-error.js'

/** An answer's body whose end is an end: a connection that was cut is CONNECTION_LOST, never a short stream. */
export class LostReadable extends Readable {
  constructor(
    private readonly response: IncomingMessage,
    toError: (error: unknown) => ContainersError,
  ) {
    super()
    response.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) response.pause()
    })
    response.once('end', () => this.push(null))
    response.once('error', (error) => this.destroy(toError(lost(error))))
    response.once('close', () => {
      if (!response.readableEnded) this.destroy(toError(lost(undefined)))
    })
  }

  override _read(): void {
    this.response.resume()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.response.destroy()
    callback(error)
  }
}

function lost(cause: unknown): ContainersError {
  return new ContainersError(
    'CONNECTION_LOST',
    'The connection to the engine was cut in the middle of a stream.',
    {
      cause,
    },
  )
}
