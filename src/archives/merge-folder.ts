import { lstat, mkdir, readdir, rename, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ContainersError } from '../errors/containers-error.js'

/** Moves what is in `from` into `into`, which is made when it is missing. Files are replaced, folders merged. */
export async function mergeFolder(from: string, into: string): Promise<void> {
  const there = await kindOf(into)
  if (there === 'nothing') {
    await mkdir(dirname(into), { recursive: true })
    return rename(from, into)
  }
  if (there !== 'folder') throw inTheWay(into)
  for (const name of await readdir(from)) await move(join(from, name), join(into, name))
  await rmdir(from)
}

async function move(from: string, to: string): Promise<void> {
  const [source, target] = await Promise.all([kindOf(from), kindOf(to)])
  if (source === 'folder' && target === 'folder') return mergeFolder(from, to)
  // A link to a folder is not followed: what it points to is not ours to write to.
  if (target !== 'nothing' && (source === 'folder') !== (target === 'folder')) throw inTheWay(to)
  await rename(from, to)
}

async function kindOf(path: string): Promise<'folder' | 'other' | 'nothing'> {
  try {
    return (await lstat(path)).isDirectory() ? 'folder' : 'other'
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'nothing'
    throw error
  }
}

function inTheWay(path: string): ContainersError {
  const message = `${path} is in the way: a folder must not replace a file or link, nor the other way round. Remove it first.`
  return new ContainersError('ARCHIVE_INVALID', message, { details: { path } })
}
