import { close, lstat, open, read, readlink, type Stats } from 'node:fs'

/** A file up to this size is read whole before its header is written, so that it is packed whole or not at all. */
const WHOLE_FILE_BYTES = 1024 * 1024

/** A folder's entry as found on the host. */
export interface LoadedEntry {
  readonly stats: Stats
  /** A small file's content. */
  readonly content?: Buffer
  readonly linkTarget?: string
}

/**
 * Looks at an entry and, when its content is wanted, reads what is small. Callbacks, because node:fs/promises takes
 * four times as long, which a tree of ten thousand files makes seconds of.
 */
export function loadEntry(path: string, withContent: boolean): Promise<LoadedEntry> {
  return new Promise((resolve, reject) => {
    lstat(path, (error, stats) => {
      if (error) reject(error)
      else if (!withContent) resolve({ stats })
      else if (stats.isSymbolicLink()) {
        readlink(path, (linkError, linkTarget) =>
          linkError ? reject(linkError) : resolve({ stats, linkTarget }),
        )
      } else if (!stats.isFile() || stats.size > WHOLE_FILE_BYTES) resolve({ stats })
      else if (stats.size === 0) resolve({ stats, content: Buffer.alloc(0) })
      else {
        readWhole(path, stats.size, (readError, content) =>
          readError ? reject(readError) : resolve({ stats, content }),
        )
      }
    })
  })
}

/** Up to `size` bytes: the file may shrink or grow meanwhile. */
function readWhole(path: string, size: number, done: (error: Error | null, content: Buffer) => void): void {
  const content = Buffer.allocUnsafe(size)
  open(path, 'r', (openError, fd) => {
    if (openError) return done(openError, content)
    const readOn = (filled: number): void => {
      read(fd, content, filled, size - filled, null, (error, bytesRead) => {
        if (error === null && bytesRead > 0 && filled + bytesRead < size) return readOn(filled + bytesRead)
        close(fd, () => done(error, content.subarray(0, filled + bytesRead)))
      })
    }
    readOn(0)
  })
}
