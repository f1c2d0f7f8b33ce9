import type { CreateRequest, MountRequest } from '../engine/engine-types.js'
import { labels } from '../model/labels.js'
import type { CreateOptions, TmpfsOptions } from './create-options.js'

const DEFAULT_LOG_BYTES = 10_000_000
const DEFAULT_LOG_FILES = 3
const DEFAULT_TMPFS_BYTES = 64 * 1024 ** 2

/** What a container with the supervisor as process 1 has in place of a command of its own. */
export interface SupervisorDelivery {
  readonly mount: MountRequest
  readonly entrypoint: readonly string[]
  /** The image's own user: process 1 is root, but its commands are not unless the image says so. */
  readonly imageUser?: string
}

/** What the supervisor needs to start commands as other users and to end them, and no more. */
const supervisorCapabilities = ['CHOWN', 'SETUID', 'SETGID', 'DAC_OVERRIDE', 'KILL']

/** Every default decided, nothing left to the engine but what the image says. */
export function toCreateRequest(
  options: CreateOptions & { name: string },
  creation: string,
  supervisor?: SupervisorDelivery,
): CreateRequest {
  const { limits = {}, capabilities = {}, init = 'engine' } = options
  const request: CreateRequest = {
    name: options.name,
    image: options.image,
    env: options.env ?? {},
    terminal: options.terminal ?? false,
    openStdin: options.openStdin ?? false,
    stdinOnce: options.openStdin ?? false,
    engineInit: init === 'engine',
    readOnlyRoot: options.readOnlyRoot ?? false,
    mounts: [...(options.mounts ?? []), ...(options.tmpfs ?? []).map(toMount)],
    ports: options.ports ?? [],
    network: options.network ?? 'default',
    extraHosts: options.extraHosts ?? [],
    dns: options.dns ?? [],
    capDrop: capabilities.drop ?? [],
    capAdd: capabilities.add ?? [],
    noNewPrivileges: options.noNewPrivileges ?? false,
    securityOptions: options.securityOptions ?? [],
    privileged: false,
    logDriver: 'json-file',
    logMaxBytes: options.logs?.maxBytes ?? DEFAULT_LOG_BYTES,
    logMaxFiles: options.logs?.maxFiles ?? DEFAULT_LOG_FILES,
    ulimits: [],
    ...given('entrypoint', options.entrypoint),
    ...given('command', options.command),
    ...given('workingDir', options.cwd),
    ...given('user', options.user),
    ...given('hostname', options.hostname),
    ...given('runtime', options.runtime),
    ...given('stopSignal', options.stopSignal),
    ...given('memoryBytes', limits.memoryBytes),
    ...given('cpus', limits.cpus),
    ...given('pids', limits.pids),
    ...given('diskBytes', limits.diskBytes),
    labels: { ...options.labels, [labels.managed]: 'true', [labels.creation]: creation, [labels.init]: init },
    ...(supervisor && underSupervisor(options, supervisor)),
  }
  const user = options.user ?? supervisor?.imageUser
  return supervisor && user ? { ...request, labels: { ...request.labels, [labels.user]: user } } : request
}

/** Where the secrets of commands lie: in memory, size-limited, and only the supervisor makes folders in it. */
const secretsMount: MountRequest = {
  type: 'tmpfs',
  target: '/tmp/secrets',
  sizeBytes: 64 * 1024 ** 2,
  mode: 0o711,
  options: 'noexec,nosuid,nodev',
}

/**
 * What lets a runner reach process 1 by its own stdin and stdout, which is quicker than an exec. What goes there must
 * be in no log, and there is nothing else to log.
 */
const shortcut = { openStdin: true, stdinOnce: false, logDriver: 'none' } as const

function underSupervisor(options: CreateOptions, supervisor: SupervisorDelivery): Partial<CreateRequest> {
  const mounts = [...(options.mounts ?? []), ...(options.tmpfs ?? []).map(toMount)]
  const ownSecrets = mounts.some(({ target }) => target === secretsMount.target)
  return {
    ...(!options.logs && shortcut),
    entrypoint: supervisor.entrypoint,
    command: [],
    user: '0',
    mounts: [...mounts, ...(ownSecrets ? [] : [secretsMount]), supervisor.mount],
    capDrop: ['ALL'],
    capAdd: [...new Set([...supervisorCapabilities, ...(options.capabilities?.add ?? [])])],
    noNewPrivileges: true,
  }
}

function toMount(tmpfs: TmpfsOptions): MountRequest {
  const { target, sizeBytes = DEFAULT_TMPFS_BYTES, mode = 0o1777, executable = false } = tmpfs
  return { type: 'tmpfs', target, sizeBytes, mode, ...(executable && { options: 'exec' }) }
}

/** `{ [key]: value }`, or nothing where there is no value: an explicit undefined is not the same to an engine. */
function given<Key extends string, Value>(key: Key, value: Value | undefined): { [K in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { [K in Key]: Value })
}
