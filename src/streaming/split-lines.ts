import { nodeStream } from '../internal/builtins.js'
import { isByteReadable, type StreamGap } from './byte-readable.js'
import { LineSplitter, type Line, type LineOptions } from './line-splitter.js'

/**
 * The lines of a stream of bytes, as they come. Leaving the loop early only stops listening: bytes that no line was
 * made of yet go back to a stream that can take them, so that the next reader goes on exactly where this one left.
 */
export async function* splitLines(
  source: AsyncIterable<Uint8Array>,
  options?: LineOptions,
): AsyncGenerator<Line, void, undefined> {
  const splitter = new LineSplitter(options)
  let missing = 0
  const onGap = ({ bytes }: StreamGap): void => {
    missing += bytes
  }
  if (isByteReadable(source)) source.on('gap', onGap)
  try {
    for await (const chunk of source) {
      const cut = missing > 0 ? splitter.gap(missing) : undefined
      missing = 0
      // Before any line is given: a reader who leaves at it gets the rest of the chunk back.
      splitter.push(chunk)
      if (cut !== undefined) yield cut
      for (let line = splitter.next(); line !== undefined; line = splitter.next()) yield line
    }
    const cut = missing > 0 ? splitter.gap(missing) : undefined
    if (cut !== undefined) yield cut
    splitter.end()
    for (let line = splitter.next(); line !== undefined; line = splitter.next()) yield line
  } catch (error) {
    // The stream broke in mid-line: what there is of it was received and is given.
    const cut = splitter.gap(0)
    if (cut !== undefined) yield cut
    throw error
  } finally {
    if (isByteReadable(source)) source.off('gap', onGap)
    giveBack(source, splitter.takeRest())
  }
}

function giveBack(source: AsyncIterable<Uint8Array>, rest: Uint8Array): void {
  if (rest.length === 0 || !(source instanceof nodeStream().Readable)) return
  if (!source.destroyed && !source.readableEnded) source.unshift(rest)
}
