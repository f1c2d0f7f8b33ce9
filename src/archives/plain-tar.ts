import { Readable } from 'node:stream'
import { ContainersError } from '../errors/containers-error.js'
import { abortable } from '../internal/abort.js'

const BLOCK_BYTES = 512
const CHECKSUM = { from: 148, to: 156 }
const SPACE = 32

/**
 * The same tar, once its first block has come. Throws `ARCHIVE_INVALID` where that is none of an uncompressed tar: some
 * engines unpack a compressed one with whatever `xz` or `unpigz` the container has (CVE-2026-41567).
 */
export async function plainTar(source: Readable, what: string, signal?: AbortSignal): Promise<Readable> {
  const chunks = source[Symbol.asyncIterator]() as AsyncIterator<Uint8Array | string>
  try {
    const head = await abortable(firstBlock(chunks), what, signal)
    if (head.length > 0 && !isTarBlock(head)) throw notPlain()
    return Readable.from(joined(head, chunks), { objectMode: false })
  } catch (error) {
    source.destroy()
    throw error
  }
}

async function firstBlock(chunks: AsyncIterator<Uint8Array | string>): Promise<Buffer> {
  const pieces: Buffer[] = []
  for (let bytes = 0; bytes < BLOCK_BYTES;) {
    const next = await chunks.next()
    if (next.done === true) break
    const piece = Buffer.from(next.value as Uint8Array)
    pieces.push(piece)
    bytes += piece.length
  }
  return Buffer.concat(pieces)
}

async function* joined(
  head: Buffer,
  chunks: AsyncIterator<Uint8Array | string>,
): AsyncGenerator<Uint8Array | string> {
  if (head.length > 0) yield head
  yield* { [Symbol.asyncIterator]: () => chunks }
}

/** An entry's header, which has a sum of its own bytes, or the zeros at the end. */
function isTarBlock(bytes: Buffer): boolean {
  if (bytes.length < BLOCK_BYTES) return false
  const block = bytes.subarray(0, BLOCK_BYTES)
  if (block.every((byte) => byte === 0)) return true
  const { from, to } = CHECKSUM
  const sum = block.reduce((total, byte, at) => total + (at >= from && at < to ? SPACE : byte), 0)
  return Number.parseInt(block.toString('latin1', from, to), 8) === sum
}

function notPlain(): ContainersError {
  return new ContainersError(
    'ARCHIVE_INVALID',
    'The source does not begin like an uncompressed tar. Take the compression off first, as with zlib.createGunzip().',
  )
}
