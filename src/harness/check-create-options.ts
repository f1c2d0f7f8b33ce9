import { net } from '../internal/builtins.js'
import { invalidOption } from '../errors/invalid-option.js'
import { parseImageRef } from '../model/image-ref.js'
import { labels } from '../model/labels.js'
import { signalNumbers } from '../model/signal.js'
import { containerNamePattern } from '../model/unique-name.js'
import * as check from './check-option.js'
import type { CreateOptions } from './create-options.js'

const MIB = 1024 ** 2
const argument = check.text('must be a string without a NUL byte', (value) => !value.includes('\0'))
const ipAddress = check.text('must be an IP address', (value) => net().isIP(value) !== 0)
const capability = check.matching(/^[A-Z][A-Z0-9_]*$/, 'must be a capability in capitals, such as CHOWN')
const ours: readonly string[] = Object.values(labels)

const volumeName = check.matching(/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/, 'must be the name of a volume')
const mountTarget = check.text('must be an absolute path, not the root itself', (value) =>
  /^\/[^\0]*[^\0/]/.test(value),
)
const mounts = {
  bind: check.shape(
    {
      type: check.anything,
      source: check.absolutePath,
      target: mountTarget,
      readOnly: check.flag,
      propagation: check.oneOf('private', 'rprivate'),
    },
    ['source', 'target'],
  ),
  volume: check.shape(
    {
      type: check.anything,
      source: volumeName,
      target: mountTarget,
      readOnly: check.flag,
      noCopy: check.flag,
    },
    ['source', 'target'],
  ),
  tmpfs: check.shape(
    {
      type: check.anything,
      target: mountTarget,
      sizeBytes: check.integer(4096),
      mode: check.integer(0, 0o7777),
      options: argument,
    },
    ['target'],
  ),
}

function mount(option: string, value: unknown): void {
  const type = (value as { type?: unknown } | null)?.type
  check.oneOf('bind', 'volume', 'tmpfs')(`${option}.type`, type)
  mounts[type as keyof typeof mounts](option, value)
}

const createOptions = check.shape(
  {
    image: (option, value) => {
      check.text('must name an image', (text) => text !== '')(option, value)
      if (!/^(sha256:)?[0-9a-f]{12,64}$/.test(value as string)) parseImageRef(value as string, option)
    },
    command: check.listOf(argument, 1),
    entrypoint: check.listOf(argument, 1),
    name: check.matching(
      containerNamePattern,
      'must begin with a letter or digit, have only letters, digits, _ . - and 2 to 128 of them',
    ),
    env: check.recordOf(
      check.matching(/^[^=\0]+$/, 'must not be empty and have no = and no NUL byte'),
      check.unshown(argument),
    ),
    labels: check.recordOf(
      check.text(
        `must not be empty, nor one that the library itself sets (${ours.join(', ')})`,
        (key) => key !== '' && !ours.includes(key),
      ),
      argument,
    ),
    cwd: check.absolutePath,
    user: check.matching(/^[^\s:\0]+(:[^\s:\0]+)?$/, 'must be name, uid, name:group or uid:gid'),
    hostname: check.matching(/^[a-zA-Z0-9][a-zA-Z0-9.-]{0,62}$/, 'must be a host name'),
    init: check.oneOf('engine', 'supervisor', 'none'),
    limits: check.shape({
      cpus: check.decimal(0.01, 4096),
      memoryBytes: check.integer(6 * MIB),
      pids: check.integer(1),
      diskBytes: check.integer(MIB),
    }),
    readOnlyRoot: check.flag,
    mounts: check.listOf(mount),
    tmpfs: check.listOf(
      check.shape(
        {
          target: mountTarget,
          sizeBytes: check.integer(4096),
          mode: check.integer(0, 0o7777),
          executable: check.flag,
        },
        ['target'],
      ),
    ),
    ports: check.listOf(
      check.shape(
        {
          containerPort: check.integer(1, 65_535),
          protocol: check.oneOf('tcp', 'udp'),
          hostPort: check.integer(1, 65_535),
          hostIp: ipAddress,
        },
        ['containerPort'],
      ),
    ),
    network: check.text('must be the name or id of a network', (value) => value !== ''),
    extraHosts: check.listOf(check.matching(/^[^\s:]+:\S+$/, 'must be name:address')),
    dns: check.listOf(ipAddress),
    capabilities: check.shape({ drop: check.listOf(capability), add: check.listOf(capability) }),
    noNewPrivileges: check.flag,
    securityOptions: check.listOf(argument),
    runtime: check.text('must be the name of a runtime', (value) => value !== ''),
    logs: check.shape({ maxBytes: check.integer(4096), maxFiles: check.integer(1, 1000) }),
    terminal: check.flag,
    openStdin: check.flag,
    stopSignal: check.text(
      'must be the name of a signal, such as SIGTERM',
      (value) => value in signalNumbers || /^SIGRTMIN\+\d{1,2}$/.test(value),
    ),
    pullPolicy: check.oneOf('never', 'missing', 'always'),
    signal: check.anything,
  },
  ['image'],
)

/** Refuses what breaks a rule, before anything is touched. Throws `INVALID_OPTION`. */
export function checkCreateOptions(options: CreateOptions): void {
  createOptions('create', options)
  if (options.init === 'supervisor') {
    for (const option of ['command', 'entrypoint'] as const) {
      if (options[option] === undefined) continue
      const advice = 'Start commands with a DockerRunner.'
      throw invalidOption(
        `create.${option}`,
        "must not be given with init: 'supervisor'",
        options[option],
        advice,
      )
    }
  }
  const { network, ports } = options
  if ((network === 'none' || network === 'host') && ports?.length) {
    throw invalidOption(
      'create.ports',
      `cannot be published with network: '${network}'`,
      JSON.stringify(ports),
    )
  }
}
