import type { ContainerInfo, ContainerInspectInfo } from 'dockerode'
import type { ContainerInspection, ContainerSummary } from '../engine-types.js'
import { dateOf } from './date-of.js'

type Status = ContainerInspection['state']['status']

/** What inspect said, in our words. Anything may be absent on one engine or another, whatever the types say. */
export function fromInspect(info: ContainerInspectInfo): ContainerInspection {
  return {
    id: info.Id,
    name: bareName(info.Name),
    image: info.Config.Image,
    imageId: info.Image,
    createdAt: new Date(info.Created),
    state: fromState(info.State),
    restartCount: info.RestartCount ?? 0,
    config: {
      env: info.Config.Env ?? [],
      user: info.Config.User ?? '',
      workingDir: info.Config.WorkingDir ?? '',
      terminal: info.Config.Tty ?? false,
      openStdin: info.Config.OpenStdin ?? false,
      labels: info.Config.Labels ?? {},
      entrypoint: listOf(info.Config.Entrypoint),
      command: listOf(info.Config.Cmd),
    },
    host: fromHostConfig(info.HostConfig),
    mounts: (info.Mounts ?? []).map((mount) => ({
      type: mount.Type,
      ...(mount.Name !== undefined && mount.Name !== '' && { name: mount.Name }),
      source: mount.Source ?? '',
      target: mount.Destination,
      readOnly: mount.RW === false,
    })),
    ports: fromPorts(info.NetworkSettings?.Ports),
    networks: Object.fromEntries(
      Object.entries(info.NetworkSettings?.Networks ?? {}).map(([name, network]) => [
        name,
        { networkId: network.NetworkID ?? '', ipAddress: network.IPAddress ?? '' },
      ]),
    ),
  }
}

function fromState(state: ContainerInspectInfo['State']): ContainerInspection['state'] {
  return {
    status: state.Status as Status,
    running: state.Running,
    paused: state.Paused ?? false,
    restarting: state.Restarting ?? false,
    oomKilled: state.OOMKilled ?? false,
    pid: state.Pid ?? 0,
    exitCode: state.ExitCode,
    error: state.Error ?? '',
    ...dateOf('startedAt', state.StartedAt),
    ...dateOf('finishedAt', state.FinishedAt),
  }
}

function fromHostConfig(host: ContainerInspectInfo['HostConfig']): ContainerInspection['host'] {
  return {
    readOnlyRoot: host.ReadonlyRootfs ?? false,
    autoRemove: host.AutoRemove ?? false,
    restartPolicy: host.RestartPolicy?.Name || 'no',
    networkMode: host.NetworkMode ?? '',
    logDriver: host.LogConfig?.Type ?? '',
    init: host.Init ?? false,
    memoryBytes: host.Memory ?? 0,
    nanoCpus: host.NanoCpus ?? 0,
    pids: host.PidsLimit ?? 0,
    tmpfs: (host.Tmpfs as Record<string, string> | null | undefined) ?? {},
  }
}

function fromPorts(
  ports: ContainerInspectInfo['NetworkSettings']['Ports'] | undefined,
): ContainerInspection['ports'] {
  return Object.entries(ports ?? {}).flatMap(([key, bindings]) => {
    const [containerPort, protocol = 'tcp'] = key.split('/')
    return ((bindings as typeof bindings | null) ?? []).map(({ HostIp, HostPort }) => ({
      containerPort: Number(containerPort),
      protocol,
      hostIp: HostIp,
      hostPort: Number(HostPort),
    }))
  })
}

/** A row of a list, in our words. */
export function fromListed(info: ContainerInfo): ContainerSummary {
  return {
    id: info.Id,
    // A container linked from others has a name for each link too, with a slash in it.
    name: bareName((info.Names ?? []).find((name) => !name.slice(1).includes('/')) ?? ''),
    image: info.Image,
    state: info.State as Status,
    labels: info.Labels ?? {},
    createdAt: new Date(info.Created * 1000),
  }
}

function bareName(name: string): string {
  return name.replace(/^\//, '')
}

function listOf(value: string | string[] | null | undefined): string[] {
  return typeof value === 'string' ? [value] : (value ?? [])
}
