import { posix } from 'node:path'
import type { CallOptions, ContainerEngine } from '../engine/container-engine.js'
import type { ContainerInspection } from '../engine/engine-types.js'
import { ContainersError } from '../errors/containers-error.js'
import { isWithin } from './container-path.js'
import { EnginePlace, statPath } from './engine-place.js'
import { InBandPlace } from './in-band-place.js'

/** File systems that every container has in memory only. */
const ALWAYS_IN_MEMORY = ['/dev', '/dev/shm', '/dev/mqueue', '/proc', '/sys', '/sys/fs/cgroup']
const MAX_LINKS = 40

/** Where a path really lies, and how to get there. */
export interface FoundPlace {
  /** The path with its links followed. */
  readonly path: string
  readonly place: EnginePlace | InBandPlace
  readonly inspection: ContainerInspection
}

interface Mounted {
  readonly target: string
  readonly inMemory: boolean
  readonly readOnly: boolean
}

/**
 * Chooses the way to a path. The engine's archive calls do not see what is mounted in memory: an upload there says
 * that it worked and ends up on the disk, hidden below the mount. Such paths go by programs of the container.
 */
export async function findPlace(
  engine: ContainerEngine,
  containerId: string,
  path: string,
  access: 'read' | 'write',
  options: CallOptions,
): Promise<FoundPlace> {
  const inspection = await engine.inspectContainer(containerId, options)
  const mounts = mountsOf(inspection)
  const real = await followLinks(engine, containerId, path, mounts, options)
  const mount = deepest(mounts, real)
  const { readOnlyRoot } = inspection.host
  if (access === 'write' && (mount?.readOnly ?? readOnlyRoot)) throw readOnly(inspection.name, path, mount)
  const above = mounts.some(({ target, inMemory }) => inMemory && real !== '/' && isWithin(real, target))
  if (mount?.inMemory !== true && !(above && inspection.state.running)) {
    return { path: real, inspection, place: new EnginePlace(engine, containerId, options) }
  }
  if (!inspection.state.running) {
    const message = `${path} of ${inspection.name} is in memory only and exists while the container runs, which is ${inspection.state.status}. Start it first.`
    throw new ContainersError('CONTAINER_STATE', message, { details: { status: inspection.state.status } })
  }
  return { path: real, inspection, place: new InBandPlace(engine, containerId, options) }
}

function mountsOf({ mounts, host }: ContainerInspection): Mounted[] {
  const all = new Map<string, Mounted>()
  for (const target of ALWAYS_IN_MEMORY) all.set(target, { target, inMemory: true, readOnly: false })
  for (const target of Object.keys(host.tmpfs)) {
    const readOnly = host.tmpfs[target]?.split(',').includes('ro') ?? false
    all.set(normal(target), { target: normal(target), inMemory: true, readOnly })
  }
  for (const { target, type, readOnly } of mounts) {
    all.set(normal(target), { target: normal(target), inMemory: type === 'tmpfs', readOnly })
  }
  return [...all.values()]
}

function normal(target: string): string {
  return target === '/' ? target : target.replace(/\/+$/, '')
}

function deepest(mounts: readonly Mounted[], path: string): Mounted | undefined {
  return mounts
    .filter(({ target }) => isWithin(target, path))
    .sort((a, b) => b.target.length - a.target.length)[0]
}

/** Links may lead into a mount (`/var/run` to `/run`), so each part of the path is looked at. */
async function followLinks(
  engine: ContainerEngine,
  containerId: string,
  path: string,
  mounts: readonly Mounted[],
  options: CallOptions,
): Promise<string> {
  let parts = path.split('/').filter((part) => part !== '')
  let current = '/'
  let links = 0
  for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
    const next = posix.join(current, part)
    if (deepest(mounts, next)?.inMemory === true) return posix.join(next, ...parts)
    const stat = await statPath(engine, containerId, next, options)
    if (stat === undefined) return posix.join(next, ...parts)
    if (stat.linkTarget === '') {
      current = next
      continue
    }
    if (++links > MAX_LINKS)
      throw new ContainersError('PATH_NOT_FOUND', `${path} has more than ${MAX_LINKS} links.`)
    parts = [...posix.resolve(current, stat.linkTarget).split('/').slice(1), ...parts].filter(
      (one) => one !== '',
    )
    current = '/'
  }
  return current
}

function readOnly(name: string, path: string, mount: Mounted | undefined): ContainersError {
  const what = mount === undefined ? `The root of ${name}` : `The mount ${mount.target} of ${name}`
  const message = `${what} is read-only, so nothing can be uploaded to ${path}. Upload to a volume or a tmpfs.`
  return new ContainersError('NOT_SUPPORTED', message, { details: { path } })
}
