import type { EngineInfo, EngineVersion } from '../engine-types.js'

interface RawVersion {
  Version?: string
  ApiVersion?: string
  MinAPIVersion?: string
  Os?: string
  Arch?: string
  Components?: { Name?: string }[] | null
}

/** What `/version` said, in our words. */
export function fromVersion(value: unknown): EngineVersion {
  const raw = value as RawVersion
  return {
    product: productOf(raw),
    version: raw.Version ?? '',
    apiVersion: raw.ApiVersion ?? '',
    minimumApiVersion: raw.MinAPIVersion ?? raw.ApiVersion ?? '',
    os: raw.Os ?? '',
    architecture: raw.Arch ?? '',
  }
}

function productOf({ Components }: RawVersion): EngineVersion['product'] {
  const names = (Components ?? []).map(({ Name = '' }) => Name.toLowerCase())
  if (names.some((name) => name.includes('podman'))) return 'podman'
  return names.includes('engine') ? 'docker' : 'other'
}

interface RawInfo {
  Name?: string
  Driver?: string
  CgroupVersion?: string
  Runtimes?: Record<string, unknown> | null
  DefaultRuntime?: string
  SecurityOptions?: string[] | null
  DockerRootDir?: string
  SystemTime?: string
  NCPU?: number
  MemTotal?: number
  Warnings?: string[] | null
}

/** What `/info` said, in our words. */
export function fromInfo(value: unknown): EngineInfo {
  const raw = value as RawInfo
  return {
    name: raw.Name ?? '',
    storageDriver: raw.Driver ?? '',
    cgroupVersion: raw.CgroupVersion === '2' ? '2' : '1',
    runtimes: Object.keys(raw.Runtimes ?? {}),
    defaultRuntime: raw.DefaultRuntime ?? '',
    securityOptions: raw.SecurityOptions ?? [],
    rootDir: raw.DockerRootDir ?? '',
    systemTime: new Date(raw.SystemTime ?? Number.NaN),
    cpus: raw.NCPU ?? 0,
    memoryBytes: raw.MemTotal ?? 0,
    warnings: raw.Warnings ?? [],
  }
}
