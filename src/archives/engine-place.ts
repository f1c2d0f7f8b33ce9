import { posix } from 'node:path'
import type { Readable } from 'node:stream'
import type { CallOptions, ContainerEngine } from '../engine/container-engine.js'
import type { ArchiveStat } from '../engine/engine-types.js'
import { isContainersError } from '../errors/containers-error.js'
import { packEntries } from './pack-entries.js'
import type { EntryOwner } from './pack-folder.js'
import type { PathKind, Place } from './place.js'

/** The bit of a Go file mode that says folder. */
const FOLDER_BIT = 2 ** 31

/** By the engine's archive calls: also for stopped containers, but blind for whatever is mounted in memory only. */
export class EnginePlace implements Place {
  constructor(
    private readonly engine: ContainerEngine,
    private readonly containerId: string,
    private readonly options: CallOptions,
  ) {}

  async kindOf(path: string): Promise<PathKind> {
    const stat = await statPath(this.engine, this.containerId, path, this.options)
    if (stat === undefined) return 'nothing'
    return Math.floor(stat.mode / FOLDER_BIT) % 2 === 1 ? 'folder' : 'other'
  }

  async makeFolder(path: string, owner: EntryOwner): Promise<void> {
    let there = posix.dirname(path)
    while ((await this.kindOf(there)) === 'nothing') there = posix.dirname(there)
    const missing = posix.relative(there, path).split('/')
    const folders = missing.map((_, depth) => ({ path: missing.slice(0, depth + 1).join('/') }))
    const { uid = 0, gid = 0 } = owner
    await this.extract(there, packEntries(folders, { uid, gid }))
  }

  extract(folder: string, tar: Readable): Promise<void> {
    return this.engine.putArchive(this.containerId, folder, tar, this.options)
  }

  pack(path: string): Promise<Readable> {
    return this.engine.getArchive(this.containerId, path, this.options)
  }
}

/**
 * What the engine sees at a path of a container that is known to exist; undefined where there is nothing. Its answer
 * has no body, so a missing path looks like a missing container.
 */
export async function statPath(
  engine: ContainerEngine,
  containerId: string,
  path: string,
  options: CallOptions,
): Promise<ArchiveStat | undefined> {
  try {
    return await engine.statArchive(containerId, path, options)
  } catch (error) {
    if (isContainersError(error, 'PATH_NOT_FOUND') || isContainersError(error, 'CONTAINER_NOT_FOUND'))
      return undefined
    throw error
  }
}
