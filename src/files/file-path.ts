import { isUtf8 } from 'node:buffer'
import { posix } from 'node:path'
import { invalidOption } from '../errors/invalid-option.js'
import type { FilePath } from './file-types.js'

const longestBytes = 4095
const slash = 0x2f

/** Throws `INVALID_OPTION`. */
export function checkPath(option: string, path: FilePath): void {
  const isText = typeof path === 'string'
  if (!isText && !(path instanceof Uint8Array)) throw invalidOption(option, 'must be text or bytes', path)
  const bytes = isText ? Buffer.byteLength(path) : path.length
  if (bytes === 0 || bytes > longestBytes) {
    throw invalidOption(option, `must have 1 to ${longestBytes} bytes`, bytes)
  }
  if (isText ? path.includes('\0') : path.includes(0)) {
    throw invalidOption(option, 'must not contain NUL', shownPath(path))
  }
}

/** For messages. */
export function shownPath(path: FilePath): string {
  return typeof path === 'string' ? path : Buffer.from(path).toString()
}

/** A path below another; bytes where it is not UTF-8. */
export function joinPath(folder: FilePath, name: Uint8Array): FilePath {
  if (name.length === 0) return folder
  if (typeof folder === 'string' && isUtf8(name)) return posix.join(folder, Buffer.from(name).toString())
  const joined = Buffer.concat([Buffer.from(folder as string), Buffer.from('/'), name])
  return isUtf8(joined) ? posix.normalize(joined.toString()) : joined
}

/** Where a worker has to run: only relative paths need the place's own folder, which may not be there. */
export function folderFor(...paths: readonly FilePath[]): string | undefined {
  return paths.every((path) => path[0] === '/' || path[0] === slash) ? '/' : undefined
}
