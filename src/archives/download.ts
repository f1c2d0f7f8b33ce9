import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { Readable } from 'node:stream'
import type { ContainerEngine } from '../engine/container-engine.js'
import { ContainersError } from '../errors/containers-error.js'
import { containerPath } from './container-path.js'
import { extractTar } from './extract-tar.js'
import { findPlace } from './find-place.js'
import { mergeFolder } from './merge-folder.js'
import type { PathKind } from './place.js'

/** Options of `container.downloadTo`. */
export interface DownloadOptions {
  /** What becomes of links that are absolute or point out of the target. Default: `'refuse'`, `ARCHIVE_UNSAFE`. */
  leavingLinks?: 'refuse' | 'skip'
  signal?: AbortSignal
}

/**
 * A tar of a file or folder of the container, under its last name: by the engine where it sees the path, by the
 * container's own programs on a tmpfs. Throws `PATH_NOT_FOUND`, `NOT_SUPPORTED` (no `tar` where one is needed),
 * `CONTAINER_STATE`, `CONTAINER_NOT_FOUND`.
 */
export async function download(
  engine: ContainerEngine,
  containerId: string,
  path: string,
  options: { signal?: AbortSignal } = {},
): Promise<Readable> {
  return (await open(engine, containerId, path, options)).tar
}

/**
 * Brings a file or what is in a folder of the container into a folder of the host, which is made when it is missing.
 * The archive is not trusted: what would be written elsewhere is `ARCHIVE_UNSAFE`, and a failure of any kind leaves
 * the folder as it was. Owners and set-user-id bits are not taken over.
 */
export async function downloadTo(
  engine: ContainerEngine,
  containerId: string,
  path: string,
  folder: string,
  options: DownloadOptions = {},
): Promise<void> {
  const target = resolve(folder)
  const { tar, kind } = await open(engine, containerId, path, options)
  tar.pause()
  let staging: string | undefined
  try {
    await mkdir(dirname(target), { recursive: true })
    // Beside the target, so that moving what arrived is a rename.
    staging = await mkdtemp(join(dirname(target), `.${basename(target)}-`))
    const inner = join(staging, 'files')
    await mkdir(inner)
    await extractTar(tar, inner, { ...options, stripFirst: kind === 'folder' })
    await mergeFolder(inner, target)
  } finally {
    tar.destroy()
    if (staging !== undefined) await rm(staging, { recursive: true, force: true })
  }
}

async function open(
  engine: ContainerEngine,
  containerId: string,
  wanted: string,
  { signal }: { signal?: AbortSignal },
): Promise<{ tar: Readable; kind: PathKind }> {
  const path = containerPath('path', wanted)
  const found = await findPlace(engine, containerId, path, 'read', { signal })
  const kind = await found.place.kindOf(found.path)
  if (kind === 'nothing') {
    const message = `${path} does not exist in ${found.inspection.name}.`
    throw new ContainersError('PATH_NOT_FOUND', message, { details: { path } })
  }
  return { tar: await found.place.pack(found.path), kind }
}
