import { checkMaxLineBytes } from '../streaming/line-splitter.js'
import { createByteStream, type ByteStream } from '../streaming/byte-stream.js'
import { invalidOption } from '../errors/invalid-option.js'
import type { OutputOptions } from './command-options.js'

/** What of a stream is kept for a reader who is too slow, where the process does not wait for one. */
const newestBytes = 1024 * 1024

/** A command's outputs, on their way to whoever reads them. */
export interface CommandOutputs {
  readonly stdout: ByteStream
  readonly stderr: ByteStream
  /** Where lines that are longer are cut. */
  readonly maxLineBytes?: number | undefined
}

/** How a command's outputs reach their readers, with all decided. */
export interface OutputPlan {
  readonly dropsOldest: boolean
  readonly maxLineBytes: number | undefined
}

/** Throws `INVALID_OPTION`. */
export function planOutput({ whenSlow = 'block', maxLineBytes }: OutputOptions = {}): OutputPlan {
  if (whenSlow !== 'block' && whenSlow !== 'drop-oldest') {
    throw invalidOption('output.whenSlow', "must be 'block' or 'drop-oldest'", whenSlow)
  }
  if (maxLineBytes !== undefined) checkMaxLineBytes('output.maxLineBytes', maxLineBytes)
  return { dropsOldest: whenSlow === 'drop-oldest', maxLineBytes }
}

/**
 * An output as planned; `onConsumed` is told of every byte that the sender need not wait for. `startOffset`: of the
 * first byte that comes.
 */
export function plannedStream(
  { dropsOldest }: OutputPlan,
  onConsumed: (bytes: number) => void,
  startOffset = 0,
): ByteStream {
  return createByteStream({ onConsumed, startOffset, ...(dropsOldest && { keepNewestBytes: newestBytes }) })
}
