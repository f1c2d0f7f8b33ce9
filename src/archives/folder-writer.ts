import { createWriteStream } from 'node:fs'
import { chmod, link, mkdir, symlink, unlink, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { ExtractEvents, Header } from 'tar-stream'
import { isContainersError } from '../errors/containers-error.js'
import { checkLink, checkType, entryParts, unsafe } from './safe-entry.js'
import { writeNewFile, writeSmallFile } from './write-file.js'

/** A file up to this size is written at once: handing it to another thread four times takes longer. */
const SMALL_FILE_BYTES = 64 * 1024
/** Files up to this size are written while the next entries are read. */
const WHOLE_FILE_BYTES = 1024 * 1024
const WRITES_AT_ONCE = 32

type Content = ExtractEvents['entry'][1]

/**
 * Writes an archive's entries into a folder that is empty at first and that nobody else writes to. It remembers
 * what it made, so a path through a link, or over a folder, is seen without asking the disk.
 */
export class FolderWriter {
  readonly #made = new Map<string, 'folder' | 'file' | 'link'>()
  readonly #folders: { path: string; header: Header }[] = []
  readonly #writing = new Set<Promise<void>>()
  #failure: Error | undefined

  constructor(
    private readonly root: string,
    private readonly options: { leavingLinks?: 'refuse' | 'skip'; stripFirst?: boolean },
  ) {}

  /** Takes one entry; resolves when its content is read. */
  async add(header: Header, content: Content): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    const { name, type } = header
    checkType(name, type)
    const parts = entryParts(name)
    if (this.options.stripFirst === true) parts.shift()
    const path = parts.join('/')
    if (path === '') return drain(content)
    if (type === 'directory') await this.#addFolder(parts, header)
    else {
      await this.#makeParents(name, parts)
      if (type === 'symlink') await this.#addLink(path, parts, header)
      else if (type === 'link') await this.#addHardLink(path, header)
      else return await this.#addFile(path, header, content)
    }
    await drain(content)
  }

  /** Waits for what is being written and gives the folders their modes and times, which writing would change. */
  async finish(): Promise<void> {
    await this.settle()
    if (this.#failure !== undefined) throw this.#failure
    for (const { path, header } of this.#folders.reverse()) {
      await chmod(join(this.root, path), header.mode & 0o777)
      await utimes(join(this.root, path), header.mtime, header.mtime)
    }
  }

  async settle(): Promise<void> {
    while (this.#writing.size > 0) await Promise.allSettled(this.#writing)
  }

  async #addFolder(parts: readonly string[], header: Header): Promise<void> {
    const path = parts.join('/')
    await this.#makeParents(header.name, parts)
    const made = this.#made.get(path)
    if (made !== undefined && made !== 'folder') throw unsafe(header.name, `replaces a ${made} by a folder`)
    if (made === undefined) await this.#makeFolder(path)
    this.#folders.push({ path, header })
  }

  async #makeParents(name: string, parts: readonly string[]): Promise<void> {
    for (let depth = 1; depth < parts.length; depth++) {
      const path = parts.slice(0, depth).join('/')
      const made = this.#made.get(path)
      if (made === undefined) await this.#makeFolder(path)
      else if (made !== 'folder') throw unsafe(name, `goes through a ${made}`)
    }
  }

  /** Fails on anything that is there: a file system that ignores case could hold a link under this name. */
  async #makeFolder(path: string): Promise<void> {
    await mkdir(join(this.root, path), 0o700)
    this.#made.set(path, 'folder')
  }

  async #addLink(path: string, parts: readonly string[], { name, linkname }: Header): Promise<void> {
    try {
      checkLink(name, parts, linkname)
    } catch (error) {
      if (this.options.leavingLinks === 'skip' && isContainersError(error, 'ARCHIVE_UNSAFE')) return
      throw error
    }
    await this.#replace(name, path)
    await symlink(linkname, join(this.root, path))
    this.#made.set(path, 'link')
  }

  async #addHardLink(path: string, { name, linkname }: Header): Promise<void> {
    const parts = entryParts(linkname)
    if (this.options.stripFirst === true) parts.shift()
    const target = parts.join('/')
    if (this.#made.get(target) !== 'file') throw unsafe(name, 'is a hard link to no file of the archive')
    if (target === path) return
    await this.settle() // the target may still be being written
    await this.#replace(name, path)
    await link(join(this.root, target), join(this.root, path))
    this.#made.set(path, 'file')
  }

  async #addFile(path: string, header: Header, content: Content): Promise<void> {
    await this.#replace(header.name, path)
    this.#made.set(path, 'file')
    const file = join(this.root, path)
    const mode = header.mode & 0o777 // no set-user-id bits on the host
    if (header.size > WHOLE_FILE_BYTES) {
      await pipeline(content as AsyncIterable<unknown>, createWriteStream(file, { flags: 'wx', mode }))
      return utimes(file, header.mtime, header.mtime)
    }
    const bytes = await readAll(content)
    if (bytes.length <= SMALL_FILE_BYTES) return writeSmallFile(file, bytes, mode, header.mtime)
    while (this.#writing.size >= WRITES_AT_ONCE) await Promise.race(this.#writing)
    const writing = writeNewFile(file, bytes, mode, header.mtime)
      .catch((error: Error) => {
        this.#failure ??= error
      })
      .finally(() => this.#writing.delete(writing))
    this.#writing.add(writing)
  }

  /** Makes way for a later entry of the same path. */
  async #replace(name: string, path: string): Promise<void> {
    const made = this.#made.get(path)
    if (made === undefined) return
    if (made === 'folder') throw unsafe(name, 'replaces a folder')
    await this.settle()
    await unlink(join(this.root, path))
  }
}

async function drain(content: Content): Promise<void> {
  for await (const _ of content);
}

/** By events: a loop over each of ten thousand small entries takes as long as writing them. */
function readAll(content: Content): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    content.on('data', (chunk) => chunks.push(chunk as Buffer))
    content.on('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)))
    content.on('error', reject)
  })
}
