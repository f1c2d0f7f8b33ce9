import type { Readable } from 'node:stream'
import { posix } from 'node:path'
import { invalidOption } from '../errors/invalid-option.js'
import type { EntryOwner } from './pack-folder.js'
import { tarOf } from './tar-writer.js'

/** A file, folder or symbolic link given by its content. */
export interface UploadEntry {
  /** Relative to the target folder. */
  readonly path: string
  /** A file's content; text is written as UTF-8. Without it and `linkTarget` the entry is a folder. */
  readonly content?: string | Uint8Array
  /** Where a symbolic link points. */
  readonly linkTarget?: string
  /** Permission bits. Default: 0644 for files, 0755 for folders. */
  readonly mode?: number
}

/** A tar of entries. Paths that would leave the target are refused with `INVALID_OPTION`, before anything is sent. */
export function packEntries(entries: readonly UploadEntry[], owner: EntryOwner): Readable {
  const checked = entries.map((entry) => ({ ...entry, path: entryPath(entry.path) }))
  const { uid = 0, gid = 0 } = owner
  const mtime = new Date()
  return tarOf(async (writer) => {
    for (const { path, content, linkTarget, mode = owner.mode } of checked) {
      const header = { name: path, uid, gid, mtime }
      if (linkTarget !== undefined) {
        await writer.add({ ...header, type: 'symlink', linkname: linkTarget, mode: 0o777 })
      } else if (content === undefined) {
        await writer.add({ ...header, name: `${path}/`, type: 'directory', mode: mode ?? 0o755 })
      } else {
        const bytes = typeof content === 'string' ? Buffer.from(content) : content
        await writer.add({ ...header, type: 'file', mode: mode ?? 0o644 }, bytes)
      }
    }
  })
}

function entryPath(path: string): string {
  const normal = posix.normalize(path).replace(/\/+$/, '')
  const leaves = normal === '..' || normal.startsWith('../') || posix.isAbsolute(normal)
  if (leaves || normal === '' || normal === '.' || normal.includes('\0')) {
    throw invalidOption('path', 'of an entry must be relative and stay in the target folder', path)
  }
  return normal
}
