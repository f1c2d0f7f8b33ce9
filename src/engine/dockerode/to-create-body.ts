import type { ContainerCreateOptions, HostConfig, MountSettings } from 'dockerode'
import type { CreateRequest, MountRequest, PortRequest } from '../engine-types.js'

const loopback = '127.0.0.1'

/** The body of a create call. */
export function toCreateBody(request: CreateRequest): ContainerCreateOptions {
  const { entrypoint, command, workingDir, user, hostname, stopSignal } = request
  return {
    Image: request.image,
    Env: Object.entries(request.env).map(([name, value]) => `${name}=${value}`),
    Labels: { ...request.labels },
    Tty: request.terminal,
    OpenStdin: request.openStdin,
    StdinOnce: request.stdinOnce,
    AttachStdin: request.openStdin,
    ...(entrypoint && { Entrypoint: [...entrypoint] }),
    ...(command && { Cmd: [...command] }),
    ...(workingDir !== undefined && { WorkingDir: workingDir }),
    ...(user !== undefined && { User: user }),
    ...(hostname !== undefined && { Hostname: hostname }),
    ...(stopSignal !== undefined && { StopSignal: stopSignal }),
    ExposedPorts: Object.fromEntries(request.ports.map((port) => [portKey(port), {}])),
    HostConfig: toHostConfig(request),
  }
}

function toHostConfig(request: CreateRequest): HostConfig {
  return {
    // An engine that removes a container by itself takes the evidence of how it ended with it.
    AutoRemove: false,
    RestartPolicy: { Name: 'no' },
    Init: request.engineInit,
    ReadonlyRootfs: request.readOnlyRoot,
    Mounts: request.mounts.filter((mount) => !isPlainTmpfs(mount)).map(toMount),
    Tmpfs: toTmpfs(request.mounts),
    PortBindings: toPortBindings(request.ports),
    NetworkMode: request.network,
    ExtraHosts: [...request.extraHosts],
    Dns: [...request.dns],
    CapDrop: [...request.capDrop],
    CapAdd: [...request.capAdd],
    SecurityOpt: [
      ...(request.noNewPrivileges ? ['no-new-privileges'] : []),
      ...request.securityOptions.filter((option) => !/^no-new-privileges(:true)?$/.test(option)),
    ],
    Privileged: request.privileged,
    LogConfig: toLogConfig(request),
    Ulimits: request.ulimits.map(({ name, soft, hard }) => ({ Name: name, Soft: soft, Hard: hard })),
    ...toLimits(request),
  }
}

function toLogConfig({ logDriver, logMaxBytes, logMaxFiles }: CreateRequest): HostConfig['LogConfig'] {
  if (logDriver === 'none') return { Type: 'none', Config: {} }
  return {
    Type: logDriver,
    Config: { 'max-size': String(logMaxBytes), 'max-file': String(logMaxFiles) },
  }
}

function toLimits({ runtime, memoryBytes, cpus, pids, diskBytes, shmBytes }: CreateRequest): HostConfig {
  return {
    ...(runtime !== undefined && { Runtime: runtime }),
    // Without the second the engine allows as much swap again.
    ...(memoryBytes !== undefined && { Memory: memoryBytes, MemorySwap: memoryBytes }),
    ...(cpus !== undefined && { NanoCpus: Math.round(cpus * 1e9) }),
    ...(pids !== undefined && { PidsLimit: pids }),
    ...(diskBytes !== undefined && { StorageOpt: { size: String(diskBytes) } }),
    ...(shmBytes !== undefined && { ShmSize: shmBytes }),
  }
}

type TmpfsRequest = Extract<MountRequest, { type: 'tmpfs' }>

/** Only the old form of a tmpfs takes mount options such as `noexec` or `uid=`. */
function isPlainTmpfs(mount: MountRequest): mount is TmpfsRequest & { options: string } {
  return mount.type === 'tmpfs' && mount.options !== undefined
}

function toTmpfs(mounts: readonly MountRequest[]): Record<string, string> {
  return Object.fromEntries(
    mounts.filter(isPlainTmpfs).map(({ target, options, sizeBytes, mode }) => {
      const parts = [
        options,
        sizeBytes === undefined ? '' : `size=${sizeBytes}`,
        mode === undefined ? '' : `mode=${mode.toString(8)}`,
      ]
      return [target, parts.filter((part) => part !== '').join(',')]
    }),
  )
}

function toMount(mount: MountRequest): MountSettings {
  switch (mount.type) {
    case 'bind':
      return {
        Type: 'bind',
        Source: mount.source,
        Target: mount.target,
        ReadOnly: mount.readOnly ?? false,
        BindOptions: { Propagation: mount.propagation ?? 'rprivate' },
      }
    case 'volume':
      return {
        Type: 'volume',
        Source: mount.source,
        Target: mount.target,
        ReadOnly: mount.readOnly ?? false,
        VolumeOptions: {
          NoCopy: mount.noCopy ?? false,
          Labels: {},
          DriverConfig: { Name: 'local', Options: {} },
        },
      }
    case 'tmpfs':
      return {
        Type: 'tmpfs',
        Source: '',
        Target: mount.target,
        TmpfsOptions: { SizeBytes: mount.sizeBytes ?? 0, Mode: mount.mode ?? 0o1777 },
      }
  }
}

function portKey({ containerPort, protocol = 'tcp' }: PortRequest): string {
  return `${containerPort}/${protocol}`
}

function toPortBindings(
  ports: readonly PortRequest[],
): Record<string, { HostIp: string; HostPort: string }[]> {
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {}
  for (const port of ports) {
    const { hostIp = loopback, hostPort = 0 } = port
    ;(bindings[portKey(port)] ??= []).push({
      HostIp: hostIp,
      HostPort: hostPort === 0 ? '' : String(hostPort),
    })
  }
  return bindings
}
