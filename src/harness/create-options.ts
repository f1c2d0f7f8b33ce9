import type { MountRequest, PortRequest } from '../engine/engine-types.js'
import type { PullPolicy } from '../images/image-options.js'

/** What of the engine's machine a container may use. Everything left out is unlimited. */
export interface ContainerLimits {
  /** In CPUs: 1.5 is one and a half. At least 0.01. */
  cpus?: number
  /** At least 6 MiB, the engine's own minimum. Swap is not given on top. */
  memoryBytes?: number
  /** Processes and threads. */
  pids?: number
  /** Of the container's own layer. Only some storage drivers can (`doctor()` says); others refuse the container. */
  diskBytes?: number
}

/** A folder in memory. */
export interface TmpfsOptions {
  /** Absolute path in the container. */
  target: string
  /** Default: 64 MiB. */
  sizeBytes?: number
  /** Permission bits. Default: `0o1777`. */
  mode?: number
  /** Whether programs may be run from it. Default: false. */
  executable?: boolean
}

/** Process 1 of a container. */
export type ContainerInit = 'engine' | 'supervisor' | 'none'

/** Options of `harness.create`. */
export interface CreateOptions {
  /** Such as `busybox`, `debian:bookworm-slim`, `registry.example/agent@sha256:…`, or an image's id. */
  image: string
  /** Default: the image's. Not with `init: 'supervisor'`. */
  command?: readonly string[]
  /** Default: the image's. Not with `init: 'supervisor'`. */
  entrypoint?: readonly string[]
  /** Default: `uniqueName('anyon')`. */
  name?: string
  /** Beside the image's own. Anybody who may inspect the container sees it: no place for secrets. */
  env?: Readonly<Record<string, string>>
  labels?: Readonly<Record<string, string>>
  /** Absolute. Default: the image's. */
  cwd?: string
  /** `name`, `uid`, `name:group` or `uid:gid`. Default: the image's. */
  user?: string
  hostname?: string
  /**
   * Process 1. `'engine'` (default): the engine's small init, which reaps orphans and passes signals on, in front
   * of the command. `'supervisor'`: our own program, which waits for runners to start commands; there is no main
   * command, and what `user` says is whom the commands run as. `'none'`: the command itself.
   */
  init?: ContainerInit
  limits?: ContainerLimits
  /** Default: false. */
  readOnlyRoot?: boolean
  mounts?: readonly MountRequest[]
  tmpfs?: readonly TmpfsOptions[]
  /**
   * Published on 127.0.0.1 unless `hostIp` says otherwise. Not with the networks `'none'` and `'host'`, nor from an
   * internal one: `INVALID_OPTION`, since an engine would publish nothing and say nothing.
   */
  ports?: readonly PortRequest[]
  /** `'none'`, `'host'`, or a network's name or id. Default: the engine's own default network. */
  network?: string
  /** `name:address`; the address `host-gateway` is the engine's machine. */
  extraHosts?: readonly string[]
  dns?: readonly string[]
  /** Such as `{ drop: ['ALL'], add: ['CHOWN'] }`. Default: the engine's; with a supervisor all but the five it needs. */
  capabilities?: { drop?: readonly string[]; add?: readonly string[] }
  /** Default: false; always true with a supervisor. */
  noNewPrivileges?: boolean
  /** The engine's own words, such as `seccomp=unconfined`. */
  securityOptions?: readonly string[]
  /** An OCI runtime that the engine knows, such as `runsc`. */
  runtime?: string
  /**
   * Size of one log file and how many are kept. Default: 10 MB, 3 files; without a bound a log fills the disk. With
   * `init: 'supervisor'` there is nothing to log and by default no log: given this, there is an empty one, and the
   * first command of a runner takes as long as an exec of the engine.
   */
  logs?: { maxBytes?: number; maxFiles?: number }
  /** A terminal as the main process's standard streams. Default: false. */
  terminal?: boolean
  /** Keep the command's stdin open for `attach`. Default: false. */
  openStdin?: boolean
  /** Sent by `stop`. Default: the image's, else `SIGTERM`. */
  stopSignal?: string
  /** Default: `'missing'`. */
  pullPolicy?: PullPolicy
  /** Stops the creation; what was made by then is removed again. */
  signal?: AbortSignal
}
