import { ContainersError } from '../errors/containers-error.js'
import type { Field } from './field-parser.js'
import { joinPath } from './file-path.js'
import type { FileEntry, FilePath, FileType } from './file-types.js'

const tags = { name: 1, target: 2, unreadable: 3, facts: 4 } as const
const factsBytes = 31

const types: Readonly<Record<string, FileType>> = {
  f: 'file', d: 'folder', l: 'link', p: 'fifo', s: 'socket', c: 'characterDevice', b: 'blockDevice',
} // prettier-ignore

/** Makes entries of fields; one is complete with its facts. */
export class EntryReader {
  private name: Buffer = Buffer.alloc(0)
  private target: Buffer | undefined
  private unreadable = false

  constructor(
    /** The folder that the names are relative to; undefined: they are paths already. */
    private readonly folder: FilePath | undefined,
  ) {}

  push({ tag, value }: Field): FileEntry | undefined {
    if (tag === tags.name) this.name = value
    else if (tag === tags.target) this.target = value
    else if (tag === tags.unreadable) this.unreadable = true
    else if (tag === tags.facts) return this.finish(value)
    return undefined
  }

  private finish(facts: Buffer): FileEntry {
    if (facts.length < factsBytes) throw new ContainersError('STREAM_INVALID', 'A file has too few facts.')
    const { name, target, unreadable } = this
    this.target = undefined
    this.unreadable = false
    const seconds = Number(facts.readBigInt64LE(19))
    return {
      name: name.toString(),
      path: joinPath(this.folder ?? '', name),
      type: types[String.fromCharCode(facts.readUInt8(0))] ?? 'file',
      sizeBytes: Number(facts.readBigUInt64LE(11)),
      mode: facts.readUInt16LE(1),
      uid: facts.readUInt32LE(3),
      gid: facts.readUInt32LE(7),
      modifiedAt: new Date(seconds * 1000 + facts.readUInt32LE(27) / 1e6),
      ...(target && { target: target.toString() }),
      ...(unreadable && { unreadable }),
    }
  }
}
