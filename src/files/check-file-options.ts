import { Readable } from 'node:stream'
import { invalidOption } from '../errors/invalid-option.js'
import { checkPath, shownPath } from './file-path.js'
import type { FilePath, FileToWrite } from './file-types.js'

/** A whole number of bytes. */
export function count(option: string, value: number, least = 0): void {
  if (Number.isSafeInteger(value) && value >= least) return
  throw invalidOption(option, `must be a whole number from ${least}`, value)
}

export function mode(value: number, most: number): void {
  if (Number.isInteger(value) && value >= 0 && value <= most) return
  throw invalidOption('mode', `must be a whole number from 0 to 0o${most.toString(8)}`, value)
}

/** Files to write. */
export function writes(files: readonly FileToWrite[]): void {
  if (!Array.isArray(files)) throw invalidOption('files', 'must be a list', files)
  for (const file of files) {
    checkPath('path', file.path)
    if (file.mode !== undefined) mode(file.mode, 0o7777)
    const { content } = file
    if (typeof content === 'string' || content instanceof Uint8Array || content instanceof Readable) continue
    throw invalidOption('content', 'must be text, bytes or a Readable', content)
  }
}

/** Not the root, and not a folder by where one is in it. */
export function removable(path: FilePath): void {
  const names = shownPath(path).split('/').filter(Boolean)
  const last = names.at(-1)
  if (last !== undefined && last !== '.' && last !== '..') return
  throw invalidOption('path', 'must end in a name', shownPath(path))
}
