import { readFile } from 'node:fs/promises'
import type { ContainerEngine } from '../engine/container-engine.js'
import type { ContainerInspection } from '../engine/engine-types.js'
import { ContainersError, isContainersError } from '../errors/containers-error.js'
import { runInContainer } from '../exec/run-in-container.js'
import { cgroupFiles, parseCgroupFiles, type KernelLimits, type LimitValue } from './cgroup-files.js'

/** One limit: what the engine was asked for, and what the kernel really enforces. */
export interface EnforcedLimit {
  readonly asked: number | 'unlimited'
  readonly enforced: LimitValue
  /** Whether the kernel enforces what was asked for. */
  readonly holds: boolean
}

/** What `container.enforcedLimits()` found. */
export interface EnforcedLimits {
  readonly cgroupVersion: '1' | '2'
  readonly memoryBytes: EnforcedLimit
  /** Memory and swap together, as the kernel enforces it; the engine's own default is asked for here. */
  readonly memoryAndSwapBytes: LimitValue
  readonly cpus: EnforcedLimit
  readonly pids: EnforcedLimit
}

const paths: readonly string[] = [...Object.values(cgroupFiles.v1), ...Object.values(cgroupFiles.v2)]
const ROOT = '/sys/fs/cgroup'
/** Needs no more of the image than a shell. */
const script = 'for f in "$@"; do { read -r v < "$f"; } 2>/dev/null && echo "$f $v"; done; :'

export async function readEnforcedLimits(
  engine: ContainerEngine,
  id: string,
  { signal }: { signal?: AbortSignal },
): Promise<EnforcedLimits> {
  const inspection = await engine.inspectContainer(id, { signal })
  if (!inspection.state.running) {
    const message = `Container ${id} is ${inspection.state.status}: the kernel enforces limits on a running one only.`
    throw new ContainersError('CONTAINER_STATE', message, { details: { container: id } })
  }
  const contents = (await fromHost(engine, inspection)) ?? (await fromInside(engine, id, signal))
  return compare(inspection, parseCgroupFiles(contents))
}

/** Where engine and library share a machine, the kernel can be asked without running anything in the container. */
async function fromHost(
  engine: ContainerEngine,
  { state, id }: ContainerInspection,
): Promise<Map<string, string> | undefined> {
  if (!engine.address.startsWith('unix:')) return undefined
  try {
    const membership = await readFile(`/proc/${state.pid}/cgroup`, 'utf8')
    // Another machine's pid, or a container of our own around us, shows in paths that are not this container's.
    if (!membership.includes(id)) return undefined
    const contents = await readAll(paths.map((path) => [path, hostPath(path, membership)]))
    return contents.size > 0 ? contents : undefined
  } catch {
    return undefined
  }
}

function hostPath(path: string, membership: string): string {
  const [controller = '', file] = path.split('/')
  for (const line of membership.trim().split('\n')) {
    const [, controllers = '', folder = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
    if (file === undefined && controllers === '') return `${ROOT}${folder}/${path}`
    if (file !== undefined && controllers.split(',').includes(controller)) {
      return `${ROOT}/${controller}${folder}/${file}`
    }
  }
  return ''
}

async function readAll(
  files: readonly (readonly [path: string, from: string])[],
): Promise<Map<string, string>> {
  const contents = new Map<string, string>()
  for (const [path, from] of files) {
    const text = await readFile(from, 'utf8').catch(() => undefined)
    if (text !== undefined) contents.set(path, text)
  }
  return contents
}

async function fromInside(
  engine: ContainerEngine,
  id: string,
  signal: AbortSignal | undefined,
): Promise<Map<string, string>> {
  const argv = ['sh', '-c', script, 'sh', ...paths.map((path) => `${ROOT}/${path}`)]
  try {
    const { stdout } = await runInContainer(engine, id, argv, { ...(signal && { signal }) })
    const lines = stdout.trim().split('\n').filter(Boolean)
    return new Map(
      lines.map((line) => {
        const space = line.indexOf(' ')
        return [line.slice(ROOT.length + 1, space), line.slice(space + 1)]
      }),
    )
  } catch (error) {
    if (!isContainersError(error, 'SPAWN_FAILED')) throw error
    const message = `The limits of container ${id} cannot be read: its image has no sh, and its engine ${engine.address} is on another machine.`
    throw new ContainersError('NOT_SUPPORTED', message, { cause: error, details: { container: id } })
  }
}

function compare({ host }: ContainerInspection, kernel: KernelLimits): EnforcedLimits {
  return {
    cgroupVersion: kernel.cgroupVersion,
    memoryBytes: limit(host.memoryBytes, kernel.memoryBytes),
    memoryAndSwapBytes: kernel.memoryAndSwapBytes,
    cpus: limit(host.nanoCpus / 1e9, kernel.cpus),
    pids: limit(host.pids, kernel.pids),
  }
}

function limit(asked: number, enforced: LimitValue): EnforcedLimit {
  const wanted = asked > 0 ? asked : 'unlimited'
  // The kernel rounds memory down to whole pages.
  const near =
    typeof wanted === 'number' &&
    typeof enforced === 'number' &&
    Math.abs(wanted - enforced) < Math.max(wanted / 1000, 0.001)
  return { asked: wanted, enforced, holds: wanted === enforced || near }
}
