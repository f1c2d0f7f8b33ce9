import { readFile, stat } from 'node:fs/promises'
import { join, posix } from 'node:path'
import type { Readable } from 'node:stream'
import { ContainersError } from '../errors/containers-error.js'
import { invalidOption } from '../errors/invalid-option.js'
import { parseDockerignore } from './dockerignore.js'

/** A build's context: the folder less what its `.dockerignore` leaves out. `PATH_NOT_FOUND`, `INVALID_OPTION`. */
export async function buildContext(folder: string, dockerfile: string): Promise<Readable> {
  const file = posix.normalize(dockerfile)
  if (posix.isAbsolute(file) || file.startsWith('../')) {
    throw invalidOption('dockerfile', "must be a path in the build's folder", dockerfile)
  }
  await needFile(join(folder, file))
  // A file of the Dockerfile's own goes before the folder's.
  const own = await readIfThere(join(folder, `${file}.dockerignore`))
  const rules = parseDockerignore(own ?? (await readIfThere(join(folder, '.dockerignore'))) ?? '')
  const { packFolder } = await import('../archives/pack-folder.js') // loads tar-stream
  return packFolder(folder, {
    include: (path) => isNeeded(path, file) || !rules.isIgnored(path),
    descend: (path) => rules.hasExceptions || file.startsWith(`${path}/`),
  })
}

/** The engine itself reads these two, whatever the rules say; it hides them from the build again. */
function isNeeded(path: string, dockerfile: string): boolean {
  return path === '.dockerignore' || path === dockerfile
}

async function needFile(path: string): Promise<void> {
  try {
    if ((await stat(path)).isFile()) return
  } catch (cause) {
    const message = `There is no ${path} to build from. Look at the folder and at the option dockerfile.`
    throw new ContainersError('PATH_NOT_FOUND', message, { cause, details: { path } })
  }
  throw invalidOption('dockerfile', 'must be a file', path)
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch {
    return undefined
  }
}
