import { finished, type Readable } from 'node:stream'

/** No engine's reason for a failed start is longer than this. */
const MAX_HELD_BYTES = 16 * 1024
const FIRST_CHECK_MS = 10
const MAX_CHECK_MS = 500

/** The beginning of an exec's stream, held until it is known whose words it is. */
export interface StreamStart {
  readonly held: Buffer
  readonly pid: number
}

/**
 * Reads the beginning of the raw stream. The engine writes its reason for a failed start where the program's output
 * goes, and ends the stream right after it; so nothing is passed on until the program has a pid, the stream has
 * ended, or there is more than such a reason. The stream is left paused.
 */
export function readStart(stream: Readable, pidOf: () => Promise<number>): Promise<StreamStart> {
  return new Promise((resolve) => {
    const held: Buffer[] = []
    let bytes = 0
    let checkMs = FIRST_CHECK_MS
    let timer: NodeJS.Timeout
    let over = false

    const done = (pid: number): void => {
      if (over) return
      over = true
      clearTimeout(timer)
      stream.off('data', onData)
      stream.pause()
      stopWatching()
      resolve({ held: Buffer.concat(held), pid })
    }
    const onData = (chunk: Buffer): void => {
      held.push(chunk)
      bytes += chunk.length
      if (bytes > MAX_HELD_BYTES) done(0)
    }
    const check = async (): Promise<void> => {
      const pid = await pidOf().catch(() => 0)
      if (pid !== 0) return done(pid)
      checkMs = Math.min(checkMs * 2, MAX_CHECK_MS)
      if (!over) timer = setTimeout(() => void check(), checkMs)
    }
    const stopWatching = finished(stream, { writable: false }, () => done(0))
    timer = setTimeout(() => void check(), checkMs)
    stream.on('data', onData)
  })
}
