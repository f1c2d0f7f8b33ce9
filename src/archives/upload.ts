import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, posix } from 'node:path'
import { Readable } from 'node:stream'
import type { ContainerEngine } from '../engine/container-engine.js'
import { ContainersError } from '../errors/containers-error.js'
import { invalidOption } from '../errors/invalid-option.js'
import { abortedError, throwIfAborted } from '../internal/abort.js'
import { containerPath } from './container-path.js'
import { findPlace, type FoundPlace } from './find-place.js'
import { InBandPlace, isMissingProgram } from './in-band-place.js'
import { packEntries, type UploadEntry } from './pack-entries.js'
import { plainTar } from './plain-tar.js'
import { packFile, packFolder, type EntryOwner } from './pack-folder.js'
import { endedBy, settled } from './whole-or-nothing.js'

/**
 * What to upload: a path on the host (a folder stands for what is in it), an uncompressed tar, or entries given by
 * their content.
 */
export type UploadSource = string | Readable | readonly UploadEntry[]

/** Options of `container.upload`. */
export interface UploadOptions extends EntryOwner {
  /** Make the target folder when it is missing. Default: false, `PATH_NOT_FOUND`. */
  createTarget?: boolean
  /** Packs only the paths, relative to a source folder, for which this is true. */
  include?: (path: string) => boolean
  /**
   * For a single file of the host: it appears under its name whole or not at all. Needs a running container with
   * `mv`. Default: false, where a source that fails can leave a file cut short.
   */
  atomic?: boolean
  signal?: AbortSignal
}

/**
 * Brings files into a container: by the engine where it sees the path, by the container's own programs on a tmpfs.
 * A single file goes into `target` when that is a folder or ends in `/`, else it gets that name.
 *
 * Throws `PATH_NOT_FOUND` (source or target folder), `NOT_SUPPORTED` (read-only, or no `tar` where one is needed),
 * `CONTAINER_STATE`, `CONTAINER_NOT_FOUND`, `INVALID_OPTION`, `ARCHIVE_INVALID` (also a tar that is compressed).
 */
export async function upload(
  engine: ContainerEngine,
  containerId: string,
  target: string,
  source: UploadSource,
  options: UploadOptions = {},
): Promise<void> {
  const path = containerPath('target', target)
  checkUpload(source, options)
  const sizeBytes = typeof source === 'string' ? await fileSize(source) : undefined
  if (options.atomic === true && sizeBytes === undefined) {
    throw invalidOption('atomic', 'is for a single file of the host', true)
  }
  const what = `Uploading to ${path}`
  throwIfAborted(what, options.signal)
  const tar = source instanceof Readable ? await plainTar(source, what, options.signal) : undefined
  const signal = options.atomic === true ? undefined : options.signal // see uploadWhole
  const found = await findPlace(engine, containerId, path, 'write', { signal })
  if (typeof source === 'string' && sizeBytes !== undefined) {
    return uploadFile(
      engine,
      containerId,
      found,
      { file: source, sizeBytes, intoFolder: target.endsWith('/') },
      options,
    )
  }
  await needFolder(found, found.path, options)
  const { place } = found
  if (typeof source === 'string') await place.extract(found.path, packFolder(source, options))
  else await place.extract(found.path, tar ?? packEntries(source as readonly UploadEntry[], options))
}

interface FileSource {
  readonly file: string
  readonly sizeBytes: number
  readonly intoFolder: boolean
}

async function uploadFile(
  engine: ContainerEngine,
  containerId: string,
  found: FoundPlace,
  { file, sizeBytes, intoFolder }: FileSource,
  options: UploadOptions,
): Promise<void> {
  const into = intoFolder || (await found.place.kindOf(found.path)) === 'folder'
  const folder = into ? found.path : posix.dirname(found.path)
  const name = into ? basename(file) : posix.basename(found.path)
  await needFolder(found, folder, options)
  const path = posix.join(folder, name)
  const put = (to: string, ending?: AbortSignal) => putFile(found, to, { file, sizeBytes, ending }, options)
  if (options.atomic === true) await uploadWhole(new InBandPlace(engine, containerId, {}), path, options, put)
  else await put(path)
}

/** An abort ends what `put` sends, and no call: what a call left behind could still make the file after its removal. */
async function uploadWhole(
  inside: InBandPlace,
  path: string,
  { signal }: UploadOptions,
  put: (path: string, signal: AbortSignal | undefined) => Promise<void>,
): Promise<void> {
  const what = `Uploading to ${path}`
  const temporary = posix.join(posix.dirname(path), `.anyon-${randomBytes(8).toString('hex')}`)
  try {
    await settled(put(temporary, signal), what, signal)
    throwIfAborted(what, signal)
    await inside.rename(temporary, path)
  } catch (error) {
    await inside.removeFile(temporary).catch(() => {}) // the first error says more
    throw signal?.aborted ? abortedError(what, signal) : error
  }
}

async function putFile(
  { place }: FoundPlace,
  path: string,
  { file, sizeBytes, ending }: { file: string; sizeBytes: number; ending: AbortSignal | undefined },
  owner: EntryOwner,
): Promise<void> {
  try {
    await place.extract(posix.dirname(path), endedBy(ending, packFile(file, posix.basename(path), owner)))
  } catch (error) {
    if (!(place instanceof InBandPlace) || !isMissingProgram(error)) throw error
    const mode = owner.mode ?? (await stat(file)).mode & 0o777
    await place.writeFile(path, endedBy(ending, createReadStream(file)), sizeBytes, { ...owner, mode })
  }
}

async function needFolder({ place }: FoundPlace, folder: string, options: UploadOptions): Promise<void> {
  const kind = await place.kindOf(folder)
  if (kind === 'folder') return
  if (kind === 'nothing' && options.createTarget === true) return place.makeFolder(folder, options)
  const message =
    kind === 'nothing'
      ? `The folder ${folder} does not exist in the container. Make it, or pass createTarget: true.`
      : `${folder} in the container is not a folder.`
  throw new ContainersError('PATH_NOT_FOUND', message, { details: { path: folder } })
}

/** The size of a file; undefined for a folder. */
async function fileSize(path: string): Promise<number | undefined> {
  try {
    const stats = await stat(path)
    return stats.isDirectory() ? undefined : stats.size
  } catch (cause) {
    const message = `The source ${path} cannot be read on the host: ${cause instanceof Error ? cause.message : String(cause)}`
    throw new ContainersError('PATH_NOT_FOUND', message, { cause, details: { path } })
  }
}

function checkUpload(source: UploadSource, { uid, gid, mode }: UploadOptions): void {
  for (const [option, value, most] of [
    ['uid', uid, 2 ** 32 - 2],
    ['gid', gid, 2 ** 32 - 2],
    ['mode', mode, 0o7777],
  ] as const) {
    if (value === undefined) continue
    if (source instanceof Readable)
      throw invalidOption(option, 'cannot be set for a tar, which has its own', value)
    if (!Number.isInteger(value) || value < 0 || value > most) {
      throw invalidOption(option, `must be a whole number from 0 to ${most}`, value)
    }
  }
}
