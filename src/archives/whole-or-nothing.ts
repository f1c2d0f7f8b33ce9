import { Readable } from 'node:stream'
import { abortable } from '../internal/abort.js'
import { onAbort } from '../internal/on-abort.js'

/** How long after an abort the work may take to come to its end. */
const SETTLE_MS = 5000

/** What comes of `source` until the signal is aborted; then it ends, and whoever reads it is done with it soon. */
export function endedBy(signal: AbortSignal | undefined, source: Readable): Readable {
  if (signal === undefined) return source
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of source as AsyncIterable<Uint8Array>) {
      if (signal.aborted) return
      yield chunk
    }
  }
  return Readable.from(chunks(), { objectMode: false })
}

/**
 * Waits for work that an abort has come to its end by itself, and not for ever. An engine or a program that was left
 * in the midst of writing would go on for a moment, and make its file after it was cleared away.
 */
export async function settled<T>(work: Promise<T>, what: string, signal?: AbortSignal): Promise<T> {
  const overdue = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const stop = onAbort(signal, () => {
    timer = setTimeout(() => overdue.abort(signal?.reason), SETTLE_MS)
  })
  try {
    return await abortable(work, what, overdue.signal)
  } finally {
    stop()
    clearTimeout(timer)
  }
}
