import { posix } from 'node:path'
import { invalidOption } from '../errors/invalid-option.js'

/** An absolute path in the container without `.`, `..`, doubled or final slashes. Throws `INVALID_OPTION`. */
export function containerPath(option: string, path: string): string {
  if (!path.startsWith('/')) throw invalidOption(option, 'must be an absolute path in the container', path)
  if (path.includes('\0')) throw invalidOption(option, 'must hold no NUL character', path)
  const normal = posix.normalize(path)
  return normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal
}

/** Whether `path` is `folder` or lies in it. */
export function isWithin(folder: string, path: string): boolean {
  return folder === '/' || path === folder || path.startsWith(`${folder}/`)
}
