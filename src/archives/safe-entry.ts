import { posix } from 'node:path'
import type { Header } from 'tar-stream'
import { ContainersError } from '../errors/containers-error.js'

/** The error for an entry that an archive from a container may not make us write. */
export function unsafe(name: string, rule: string): ContainersError {
  const message = `The archive's entry ${JSON.stringify(name)} ${rule}; nothing was written to the target.`
  return new ContainersError('ARCHIVE_UNSAFE', message, { details: { entry: name, rule } })
}

/** The parts of an entry's path. Throws `ARCHIVE_UNSAFE` for one that is absolute or climbs. */
export function entryParts(name: string): string[] {
  if (posix.isAbsolute(name)) throw unsafe(name, 'has an absolute path')
  if (name.includes('\0') || name.includes('\\')) throw unsafe(name, 'has a NUL or a backslash in its path')
  const parts = name.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.includes('..')) throw unsafe(name, 'has ".." in its path')
  return parts
}

/** Throws `ARCHIVE_UNSAFE` for a symbolic link that points out of the target, however its folder was reached. */
export function checkLink(name: string, parts: readonly string[], target: string): void {
  if (target === '' || target.includes('\0')) throw unsafe(name, 'is a link to nowhere')
  if (posix.isAbsolute(target)) throw unsafe(name, `links to the absolute path ${JSON.stringify(target)}`)
  // Folders on the way are never links themselves (the extraction sees to it), so ".." means what it says.
  let depth = parts.length - 1
  for (const part of target.split('/')) {
    if (part === '..') depth--
    else if (part !== '' && part !== '.') depth++
    if (depth < 0) throw unsafe(name, `links out of the target, to ${JSON.stringify(target)}`)
  }
}

/** Throws `ARCHIVE_UNSAFE` for what is neither file, folder nor link. */
export function checkType(name: string, type: Header['type']): void {
  if (type === 'character-device' || type === 'block-device' || type === 'fifo') {
    throw unsafe(name, `is a ${type.replace('-', ' ')}`)
  }
}
