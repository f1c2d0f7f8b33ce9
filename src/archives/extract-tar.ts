import type { Readable } from 'node:stream'
import { extract } from 'tar-stream'
import { ContainersError, isContainersError } from '../errors/containers-error.js'
import { FolderWriter } from './folder-writer.js'

const BLOCK_BYTES = 512

/** Options of {@link extractTar}. */
export interface ExtractOptions {
  /** What becomes of links that are absolute or point out of the target. Default: `'refuse'`, `ARCHIVE_UNSAFE`. */
  leavingLinks?: 'refuse' | 'skip'
  /** Leaves the first part of each path away. Default: false. */
  stripFirst?: boolean
  signal?: AbortSignal
}

/**
 * Extracts a tar that is not to be trusted into a new, empty folder. Nothing is written elsewhere, whatever the
 * archive says: an absolute path, `..`, a link that leaves, a path through a link, a device: `ARCHIVE_UNSAFE`.
 * A torn archive: `ARCHIVE_INVALID`.
 */
export async function extractTar(tar: Readable, folder: string, options: ExtractOptions = {}): Promise<void> {
  const writer = new FolderWriter(folder, options)
  const parser = extract()
  // Two blocks of zeros end an archive; a stream cut between two entries has none, and looks whole otherwise.
  let lastBlock: Buffer = Buffer.alloc(0)
  const parsed = new Promise<void>((resolve, reject) => {
    parser.on('entry', (header, content, next) => {
      writer.add(header, content).then(
        () => next(),
        (error: Error) => next(error),
      )
    })
    parser.on('finish', () => resolve())
    parser.on('error', reject)
  })
  parsed.catch(() => {})
  try {
    for await (const chunk of tar as AsyncIterable<Buffer>) {
      options.signal?.throwIfAborted()
      lastBlock =
        chunk.length >= BLOCK_BYTES
          ? chunk.subarray(-BLOCK_BYTES)
          : Buffer.concat([lastBlock, chunk]).subarray(-BLOCK_BYTES)
      if (!parser.write(chunk)) await Promise.race([drained(parser), parsed])
    }
    if (lastBlock.length < BLOCK_BYTES || lastBlock.some((byte) => byte !== 0))
      throw new Error('its end is missing')
    parser.end(undefined)
    await parsed
    await writer.finish()
  } catch (error) {
    parser.destroy()
    await writer.settle()
    throw toArchiveError(error, options.signal)
  } finally {
    tar.destroy()
  }
}

function drained(parser: { once(event: 'drain', listener: () => void): unknown }): Promise<void> {
  return new Promise((resolve) => void parser.once('drain', resolve))
}

function toArchiveError(error: unknown, signal: AbortSignal | undefined): ContainersError {
  if (isContainersError(error)) return error
  if (signal?.aborted)
    return new ContainersError('ABORTED', 'Extracting the archive was aborted.', { cause: signal.reason })
  const why = error instanceof Error ? error.message : String(error)
  return new ContainersError('ARCHIVE_INVALID', `The archive could not be extracted: ${why}`, {
    cause: error,
  })
}
