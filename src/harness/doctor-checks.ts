import type { EngineInfo, EngineVersion } from '../engine/engine-types.js'
import type { Finding } from './doctor-report.js'

/** What was learned of an engine, as far as it answered. */
export interface EngineFacts {
  readonly version: EngineVersion
  readonly info: EngineInfo
  readonly apiVersion: string
  /** The engine's clock minus ours, in milliseconds, give or take `clockErrorMs`. */
  readonly clockSkewMs: number
  readonly clockErrorMs: number
  /** Of the engine's data folder; absent where it is on another machine. */
  readonly disk?: { readonly freeBytes: number; readonly totalBytes: number }
  /** The file system of the data folder and its options; absent likewise. */
  readonly dataMount?: { readonly type: string; readonly options: string }
  /** Why there is no supervisor for the engine's architecture; absent when there is one. */
  readonly supervisorMissing?: string
}

const GIB = 1024 ** 3
const LOW_DISK_BYTES = 5 * GIB
const NO_DISK_BYTES = GIB
const SKEW_MS = 2_000
/** From this version on the engine's archive calls are safe from what a container's files can do to them. */
const ARCHIVES_SAFE_FROM = [29, 5, 1] as const

const finding = (id: string, level: Finding['level'], message: string, advice?: string): Finding => ({
  id,
  level,
  message,
  ...(advice !== undefined && { advice }),
})

/** Every finding over the facts: pure, so that engines which nobody has at hand can be tested. */
export function checkEngine(facts: EngineFacts): Finding[] {
  return [
    engine(facts),
    advisories(facts),
    cgroups(facts),
    storage(facts),
    quota(facts),
    ...disk(facts),
    clock(facts),
    runtimes(facts),
    supervisor(facts),
    ...facts.info.warnings.map(engineWarning),
  ]
}

function engine({ version, apiVersion }: EngineFacts): Finding {
  const { product, os, architecture, minimumApiVersion } = version
  const names = {
    docker: 'Docker Engine',
    podman: 'Podman',
    other: 'An engine that is neither Docker nor Podman',
  }
  const text = `${names[product]} ${version.version} on ${os}/${architecture}, API ${apiVersion} (it speaks ${minimumApiVersion} to ${version.apiVersion})`
  return product === 'other'
    ? finding(
        'engine',
        'warning',
        `${text}.`,
        'It is not among those that are tested: Docker Engine 20.10 and later, Podman 5.',
      )
    : finding('engine', 'ok', `${text}.`)
}

function advisories({ version }: EngineFacts): Finding {
  if (version.product !== 'docker' || !isBefore(version.version, ARCHIVES_SAFE_FROM)) {
    return finding('advisories', 'ok', 'No known advisory about archive calls concerns this version.')
  }
  return finding(
    'advisories',
    'warning',
    `Docker Engine ${version.version} has known holes in its archive calls (CVE-2026-41567, CVE-2026-41568, CVE-2026-42306): a hostile container may reach the machine while files are copied.`,
    `Update to ${ARCHIVES_SAFE_FROM.join('.')} or later: https://docs.docker.com/engine/install/`,
  )
}

function isBefore(version: string, bound: readonly number[]): boolean {
  const parts = version.split(/[^0-9]/).map(Number)
  for (const [index, least] of bound.entries()) {
    const part = parts[index] ?? 0
    if (part !== least) return part < least
  }
  return false
}

function cgroups({ info }: EngineFacts): Finding {
  return info.cgroupVersion === '2'
    ? finding('cgroups', 'ok', 'cgroup version 2.')
    : finding('cgroups', 'ok', 'cgroup version 1: limits hold, but memory and swap are counted together.')
}

function storage({ info }: EngineFacts): Finding {
  if (info.storageDriver !== 'vfs') return finding('storage', 'ok', `Storage driver ${info.storageDriver}.`)
  const advice =
    'Move the data folder to ext4 or xfs, or set "storage-driver": "overlay2" in /etc/docker/daemon.json.'
  return finding(
    'storage',
    'warning',
    'Storage driver vfs: each container is a full copy of its image.',
    advice,
  )
}

function quota({ info, dataMount }: EngineFacts): Finding {
  if (['btrfs', 'zfs', 'windowsfilter'].includes(info.storageDriver)) {
    return finding('quota', 'ok', `Disk limits work (${info.storageDriver}).`)
  }
  const options = dataMount?.options.split(',') ?? []
  if (dataMount?.type === 'xfs' && (options.includes('prjquota') || options.includes('pquota'))) {
    return finding('quota', 'ok', 'Disk limits work (xfs with project quotas).')
  }
  const where = dataMount
    ? `${info.rootDir} is on ${dataMount.type}`
    : `${info.rootDir} cannot be seen from here`
  return finding(
    'quota',
    'warning',
    `limits.diskBytes is refused, as far as is known: ${info.storageDriver} needs xfs with project quotas, and ${where}.`,
    `Put ${info.rootDir} on xfs mounted with -o pquota, or leave diskBytes out.`,
  )
}

function disk({ disk, info }: EngineFacts): Finding[] {
  if (!disk) return []
  const free = `${(disk.freeBytes / GIB).toFixed(1)} GiB free of ${(disk.totalBytes / GIB).toFixed(1)} in ${info.rootDir}`
  const advice = 'docker system df shows what uses it; docker image prune frees what no container needs.'
  if (disk.freeBytes < NO_DISK_BYTES) return [finding('disk', 'error', `Hardly any disk: ${free}.`, advice)]
  if (disk.freeBytes < LOW_DISK_BYTES) return [finding('disk', 'warning', `Little disk: ${free}.`, advice)]
  return [finding('disk', 'ok', `${free}.`)]
}

function clock({ clockSkewMs, clockErrorMs }: EngineFacts): Finding {
  const seconds = (Math.abs(clockSkewMs) / 1000).toFixed(1)
  if (Math.abs(clockSkewMs) <= SKEW_MS + clockErrorMs) {
    return finding(
      'clock',
      'ok',
      `The engine's clock agrees with ours to ${Math.max(1, Math.round(Math.abs(clockSkewMs)))} ms.`,
    )
  }
  const way = clockSkewMs > 0 ? 'ahead of' : 'behind'
  const advice = 'Synchronise both machines: sudo timedatectl set-ntp true (Docker Desktop: restart it).'
  return finding(
    'clock',
    'warning',
    `The engine's clock is ${seconds} s ${way} ours: times of logs and exits are off by that.`,
    advice,
  )
}

function runtimes({ info }: EngineFacts): Finding {
  const others = info.runtimes.filter((name) => name !== info.defaultRuntime)
  return finding(
    'runtimes',
    'ok',
    `Runtime ${info.defaultRuntime}${others.length ? `; also ${others.join(', ')}` : ''}.`,
  )
}

function supervisor({ version, supervisorMissing }: EngineFacts): Finding {
  if (supervisorMissing === undefined)
    return finding('supervisor', 'ok', `The supervisor for ${version.architecture} is here.`)
  const advice = 'Install the package again; in its repository: npm run build:supervisor'
  return finding('supervisor', 'error', supervisorMissing, advice)
}

/** What the engine complains of itself, with the losses that matter here in plain words. */
function engineWarning(text: string): Finding {
  const plain = text.replace(/^WARNING:\s*/, '')
  const limitsLost = /no (memory|swap|cpu|pids|kernel)/i.test(plain)
  const advice =
    'On Debian and Ubuntu: add cgroup_enable=memory swapaccount=1 to GRUB_CMDLINE_LINUX, run sudo update-grub, reboot.'
  return finding('engine-warning', 'warning', `The engine says: ${plain}.`, limitsLost ? advice : undefined)
}
