import { RecordWriter } from '../supervisor/record.js'
import type { FileContent, FileToWrite, WriteOptions } from './file-types.js'

const tags = { mode: 1, flags: 2, path: 3, bytes: 4, commit: 5 } as const
const flags = { createParents: 1, sync: 2 } as const
/** Bytes that are in memory go out in pieces of this size. */
const pieceBytes = 1024 * 1024
/** What is smaller leaves in one piece, together with the request. */
const smallBytes = 256 * 1024

/** What the files are sent as, all at once where they are small and in memory, else bit by bit. */
export function encodeWrites(
  files: readonly FileToWrite[],
  options: WriteOptions,
): Buffer | AsyncIterable<Buffer> {
  const small = smallFiles(files)
  if (!small) return encodeInPieces(files, options)
  const pieces = [encodeFlags(options)]
  for (const { file, bytes } of small)
    pieces.push(encodeHead(file), encodeBytes(bytes), bytes, encodeCommit())
  return Buffer.concat(pieces)
}

function smallFiles(files: readonly FileToWrite[]): { file: FileToWrite; bytes: Buffer }[] | undefined {
  const small: { file: FileToWrite; bytes: Buffer }[] = []
  let total = 0
  for (const file of files) {
    if (!isInMemory(file.content)) return undefined
    total += file.content.length
    if (total > smallBytes) return undefined
    small.push({ file, bytes: Buffer.from(file.content as string) })
  }
  return small
}

async function* encodeInPieces(files: readonly FileToWrite[], options: WriteOptions): AsyncGenerator<Buffer> {
  yield encodeFlags(options)
  for (const file of files) {
    yield encodeHead(file)
    for await (const piece of piecesOf(file.content)) {
      yield encodeBytes(piece)
      yield piece
    }
    yield encodeCommit()
  }
}

async function* piecesOf(content: FileContent): AsyncGenerator<Buffer> {
  if (!isInMemory(content)) {
    for await (const chunk of content as AsyncIterable<string | Uint8Array>) yield asBuffer(chunk)
    return
  }
  const bytes = asBuffer(content)
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
}

function isInMemory(content: FileContent): content is string | Uint8Array {
  return typeof content === 'string' || content instanceof Uint8Array
}

function asBuffer(bytes: string | Uint8Array): Buffer {
  if (typeof bytes === 'string') return Buffer.from(bytes)
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function encodeFlags({ createParents = false, sync = false }: WriteOptions): Buffer {
  const value = (createParents ? flags.createParents : 0) | (sync ? flags.sync : 0)
  return new RecordWriter().u32(tags.flags, value).finish()
}

function encodeHead({ path, mode }: FileToWrite): Buffer {
  const record = new RecordWriter()
  if (mode !== undefined) record.u32(tags.mode, mode)
  return record.bytes(tags.path, asBuffer(path)).finish()
}

/** The header of a field whose bytes follow. */
function encodeBytes(bytes: Uint8Array): Buffer {
  const header = Buffer.alloc(6)
  header.writeUInt16LE(tags.bytes, 0)
  header.writeUInt32LE(bytes.length, 2)
  return header
}

function encodeCommit(): Buffer {
  return new RecordWriter().bytes(tags.commit, Buffer.alloc(0)).finish()
}
