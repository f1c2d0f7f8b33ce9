import { isByteReadable } from './byte-readable.js'
import { HeadTailBuffer, type Retained } from './head-tail-buffer.js'
import { asBuffer, incompleteLength } from './utf8.js'

const DEFAULT_MAX_BYTES = 16 * 1024 * 1024

/** All of a stream, up to a cap. */
export interface Collected {
  readonly bytes: Uint8Array
  /** `bytes` as UTF-8; where bytes were dropped, what is left of a character cut in two is left out. */
  readonly text: string
  /** Whether bytes are missing: from the middle because of the cap, or because nobody read in time before. */
  readonly truncated: boolean
  readonly droppedBytes: number
}

/**
 * Reads a stream to its end. Beyond `maxBytes` (default: 16 MiB) the first and the last half of that are kept; the
 * rest is still read, so that the sender never waits. Rejects as the stream does.
 */
export async function collect(
  source: AsyncIterable<Uint8Array>,
  { maxBytes = DEFAULT_MAX_BYTES }: { maxBytes?: number } = {},
): Promise<Collected> {
  const tailBytes = Math.floor(maxBytes / 2)
  const buffer = new HeadTailBuffer({ headBytes: maxBytes - tailBytes, tailBytes })
  const missed = isByteReadable(source) ? source.droppedBytes : 0
  for await (const chunk of source) buffer.push(chunk)
  const droppedBefore = isByteReadable(source) ? source.droppedBytes - missed : 0
  const retained = buffer.take()
  const droppedBytes = retained.droppedBytes + droppedBefore
  return {
    bytes: Buffer.concat([retained.head, retained.tail]),
    text: textOf(retained),
    truncated: droppedBytes > 0,
    droppedBytes,
  }
}

function textOf({ head, droppedBytes, tail }: Retained): string {
  if (droppedBytes === 0) return Buffer.concat([head, tail]).toString()
  const start = firstCharacter(tail)
  return (
    asBuffer(head).toString('utf8', 0, head.length - incompleteLength(head)) +
    asBuffer(tail).toString('utf8', start)
  )
}

/** Where the first whole character of bytes cut out of a text begins. */
function firstCharacter(bytes: Uint8Array): number {
  let at = 0
  while (at < Math.min(3, bytes.length) && ((bytes[at] as number) & 0xc0) === 0x80) at++
  return at
}
