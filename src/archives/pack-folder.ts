import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { ContainersError } from '../errors/containers-error.js'
import { loadEntry, type LoadedEntry } from './load-entry.js'
import { tarOf, type TarWriter } from './tar-writer.js'

/** Files being read at a time. */
const READ_AHEAD = 32

/** Who owns the packed entries, and what they may do. */
export interface EntryOwner {
  /** Default: 0. */
  uid?: number
  /** Default: 0. */
  gid?: number
  /** Permission bits of the files. Default: those of the source. */
  mode?: number
}

/** Options of {@link packFolder}. */
export interface PackFolderOptions extends EntryOwner {
  /** Whether a path, relative to the folder with `/` between its parts, is packed. Default: all are. */
  include?: (path: string, isFolder: boolean) => boolean
  /** Whether to look into a folder that is not itself included. Default: false. */
  descend?: (path: string) => boolean
}

/** A tar of what is in a folder of the host. Links are packed as links; sockets, which mean nothing elsewhere, are left out. */
export function packFolder(folder: string, options: PackFolderOptions = {}): Readable {
  return tarOf((writer) => packInto(writer, folder, '', options))
}

/** A tar of one file of the host under the given name. */
export function packFile(file: string, name: string, owner: EntryOwner): Readable {
  return tarOf(async (writer) => write(writer, file, name, await loadEntry(file, true), owner))
}

async function packInto(
  writer: TarWriter,
  root: string,
  folder: string,
  options: PackFolderOptions,
): Promise<void> {
  const names = (await readdir(join(root, folder))).sort()
  const ahead: { path: string; loading: Promise<LoadedEntry> }[] = []
  let next = 0
  for (;;) {
    while (ahead.length < READ_AHEAD && next < names.length) {
      const path = folder === '' ? (names[next++] as string) : `${folder}/${names[next++] as string}`
      const loading = loadEntry(join(root, path), options.include?.(path, false) ?? true)
      loading.catch(() => {}) // an earlier one may fail first
      ahead.push({ path, loading })
    }
    const first = ahead.shift()
    if (first === undefined) return
    const { path } = first
    const entry = await first.loading
    const { stats } = entry
    const isFolder = stats.isDirectory()
    const included = options.include?.(path, isFolder) ?? true
    if (included && !stats.isSocket()) await write(writer, join(root, path), path, entry, options)
    if (isFolder && (included || options.descend?.(path) === true))
      await packInto(writer, root, path, options)
  }
}

async function write(
  writer: TarWriter,
  file: string,
  path: string,
  { stats, content, linkTarget }: LoadedEntry,
  owner: EntryOwner,
): Promise<void> {
  const { uid = 0, gid = 0, mode = stats.mode & 0o7777 } = owner
  const header = { name: path, uid, gid, mode, mtime: stats.mtime }
  if (stats.isDirectory()) {
    return writer.add({ ...header, name: `${path}/`, type: 'directory', mode: stats.mode & 0o7777 })
  }
  if (linkTarget !== undefined) {
    return writer.add({ ...header, type: 'symlink', linkname: linkTarget, mode: 0o777 })
  }
  if (content !== undefined) return writer.add({ ...header, type: 'file' }, content)
  if (!stats.isFile()) {
    throw new ContainersError(
      'ARCHIVE_INVALID',
      `${file} is a device or a pipe, which cannot be packed. Remove it.`,
    )
  }
  await writer.addStream({ ...header, type: 'file', size: stats.size }, exactly(file, stats.size))
}

/** The file's first `size` bytes: it may grow while it is read, but an entry's size is said in advance. */
function exactly(file: string, size: number): Readable {
  return createReadStream(file, { end: size - 1, highWaterMark: 512 * 1024 })
}
