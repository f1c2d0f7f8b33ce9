/** What `/version` says. */
export interface EngineVersion {
  readonly product: 'docker' | 'podman' | 'other'
  readonly version: string
  readonly apiVersion: string
  readonly minimumApiVersion: string
  readonly os: string
  /** `amd64`, `arm64`, … as the engine names it. */
  readonly architecture: string
}

/** What `/info` says, as far as it is used. */
export interface EngineInfo {
  readonly name: string
  readonly storageDriver: string
  readonly cgroupVersion: '1' | '2'
  readonly runtimes: readonly string[]
  readonly defaultRuntime: string
  readonly securityOptions: readonly string[]
  readonly rootDir: string
  /** The engine's clock when it answered. */
  readonly systemTime: Date
  readonly cpus: number
  readonly memoryBytes: number
  readonly warnings: readonly string[]
}

/** A mount in a create request. */
export type MountRequest =
  | { type: 'bind'; source: string; target: string; readOnly?: boolean; propagation?: 'private' | 'rprivate' }
  | { type: 'volume'; source: string; target: string; readOnly?: boolean; noCopy?: boolean }
  | { type: 'tmpfs'; target: string; sizeBytes?: number; mode?: number; options?: string }

/** A port of the container published on the host. */
export interface PortRequest {
  containerPort: number
  protocol?: 'tcp' | 'udp'
  /** Default: the engine picks a free one. */
  hostPort?: number
  /** Default: 127.0.0.1. */
  hostIp?: string
}

/** Everything a create call says, already validated and with every default decided. */
export interface CreateRequest {
  name: string
  image: string
  entrypoint?: readonly string[]
  command?: readonly string[]
  env: Readonly<Record<string, string>>
  labels: Readonly<Record<string, string>>
  workingDir?: string
  user?: string
  hostname?: string
  terminal: boolean
  openStdin: boolean
  /** The end of the first stdin that is attached is the end of the main process's; else there is none. */
  stdinOnce: boolean
  /** The engine's own init as PID 1. */
  engineInit: boolean
  readOnlyRoot: boolean
  mounts: readonly MountRequest[]
  ports: readonly PortRequest[]
  /** `none`, `bridge`, `host`, or a network's name or id. */
  network: string
  extraHosts: readonly string[]
  dns: readonly string[]
  capDrop: readonly string[]
  capAdd: readonly string[]
  noNewPrivileges: boolean
  securityOptions: readonly string[]
  privileged: boolean
  runtime?: string
  memoryBytes?: number
  /** In CPUs: 1.5 is one and a half. */
  cpus?: number
  pids?: number
  diskBytes?: number
  shmBytes?: number
  logDriver: 'json-file' | 'none'
  logMaxBytes: number
  logMaxFiles: number
  stopSignal?: string
  ulimits: readonly { name: string; soft: number; hard: number }[]
}

/** What inspect says of a container, as far as it is used. */
export interface ContainerInspection {
  readonly id: string
  readonly name: string
  readonly image: string
  readonly imageId: string
  readonly createdAt: Date
  readonly state: {
    readonly status: 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead'
    readonly running: boolean
    readonly paused: boolean
    readonly restarting: boolean
    readonly oomKilled: boolean
    readonly pid: number
    readonly exitCode: number
    readonly error: string
    /** Absent when it was never started. */
    readonly startedAt?: Date
    readonly finishedAt?: Date
  }
  readonly restartCount: number
  readonly config: {
    readonly env: readonly string[]
    readonly user: string
    readonly workingDir: string
    readonly terminal: boolean
    readonly openStdin: boolean
    readonly labels: Readonly<Record<string, string>>
    readonly entrypoint: readonly string[]
    readonly command: readonly string[]
  }
  readonly host: {
    readonly readOnlyRoot: boolean
    readonly autoRemove: boolean
    readonly restartPolicy: string
    readonly networkMode: string
    readonly logDriver: string
    readonly init: boolean
    readonly memoryBytes: number
    readonly nanoCpus: number
    readonly pids: number
    readonly tmpfs: Readonly<Record<string, string>>
  }
  readonly mounts: readonly {
    readonly type: string
    readonly name?: string
    readonly source: string
    readonly target: string
    readonly readOnly: boolean
  }[]
  /** Bindings the engine reports, one for each address it really bound. */
  readonly ports: readonly {
    readonly containerPort: number
    readonly protocol: string
    readonly hostIp: string
    readonly hostPort: number
  }[]
  readonly networks: Readonly<Record<string, { networkId: string; ipAddress: string }>>
}

/** A row of a container list. */
export interface ContainerSummary {
  readonly id: string
  readonly name: string
  readonly image: string
  readonly state: ContainerInspection['state']['status']
  readonly labels: Readonly<Record<string, string>>
  readonly createdAt: Date
}

/** What of a container's log is wanted. */
export interface LogRequest {
  follow: boolean
  stdout: boolean
  stderr: boolean
  timestamps: boolean
  /** Inclusive; seconds and nanoseconds as `1700000000.000000001`. */
  since?: string
  until?: string
  /** Number of the last log entries; the engine counts pieces of 16 KiB, not lines. */
  tail?: number
}

/** An exec to create; streams are always attached. */
export interface ExecRequest {
  argv: readonly string[]
  env?: Readonly<Record<string, string>>
  user?: string
  workingDir?: string
  stdin: boolean
  terminal?: boolean
}

/** What inspect says of an exec. */
export interface ExecInspection {
  readonly running: boolean
  /** Absent while unknown. */
  readonly exitCode?: number
  readonly pid: number
}

/** What the engine's archive call says of a path. */
export interface ArchiveStat {
  readonly name: string
  readonly sizeBytes: number
  readonly mode: number
  readonly linkTarget: string
}

/** What inspect says of an image. */
export interface ImageInspection {
  readonly id: string
  readonly tags: readonly string[]
  readonly architecture: string
  readonly os: string
  readonly sizeBytes: number
  readonly createdAt?: Date
  readonly labels: Readonly<Record<string, string>>
  readonly env: readonly string[]
  readonly user: string
  readonly workingDir: string
  readonly entrypoint: readonly string[]
  readonly command: readonly string[]
}

/** A build from a folder's tar. */
export interface BuildRequest {
  dockerfile: string
  tags: readonly string[]
  buildArgs: Readonly<Record<string, string>>
  labels: Readonly<Record<string, string>>
  target?: string
  noCache: boolean
  pull: boolean
  network?: string
}

/** One message of a pull's or a build's progress. */
export interface ProgressMessage {
  /** A line of build output. */
  readonly stream?: string
  readonly status?: string
  /** The layer the message is about. */
  readonly id?: string
  readonly current?: number
  readonly total?: number
  readonly error?: string
  /** Data beside the progress, such as the built image's id. */
  readonly imageId?: string
}

/** A network to create. */
export interface NetworkRequest {
  name: string
  internal: boolean
  labels: Readonly<Record<string, string>>
}

/** What inspect says of a network. */
export interface NetworkInspection {
  readonly id: string
  readonly name: string
  readonly internal: boolean
  readonly labels: Readonly<Record<string, string>>
  /** Ids of the containers in it. */
  readonly containers: readonly string[]
}

/** What inspect says of a volume. */
export interface VolumeInspection {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly mountpoint: string
}

/** Filters of the events stream, matched by the engine. */
export interface EventFilters {
  types?: readonly string[]
  events?: readonly string[]
  labels?: readonly string[]
  containers?: readonly string[]
}

/** One event of the engine's stream. */
export interface EngineEvent {
  readonly type: string
  /** `start`, `die`, `oom`, …; for execs also what follows a colon. */
  readonly action: string
  readonly actorId: string
  readonly attributes: Readonly<Record<string, string>>
  /** Nanoseconds since 1970; does not fit a number. */
  readonly timeNano: bigint
}
