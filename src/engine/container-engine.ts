import type { Duplex, Readable } from 'node:stream'
import type { ContainerInspection, ContainerSummary, CreateRequest, EngineVersion } from './engine-types.js'
import type { EngineEvent, EventFilters, EngineInfo, LogRequest } from './engine-types.js'
import type {
  ArchiveStat,
  BuildRequest,
  ExecInspection,
  ExecRequest,
  ImageInspection,
} from './engine-types.js'
import type { NetworkRequest, NetworkInspection, VolumeInspection, ProgressMessage } from './engine-types.js'

/** Bounds one call: `signal` aborts it, `deadlineMs` overrides the engine's default for the kind of call. */
export interface CallOptions {
  signal?: AbortSignal | undefined
  deadlineMs?: number | undefined
}

/** A wait that the engine has accepted: `armed` resolves once its answer's headers are there, before any start. */
export interface ArmedWait {
  /** What the engine said at last. Rejects with `CONNECTION_LOST` when the connection ended without an answer. */
  readonly result: Promise<{ statusCode: number; errorText?: string }>
  /** Stops waiting; `result` then rejects with `ABORTED`. */
  cancel(): void
}

/**
 * What the rest of the library needs of a container engine: one method a call, our own types, typed errors.
 * Unary calls have a deadline and share one agent; streams and waits have none and never take a place of theirs.
 */
export interface ContainerEngine {
  /** Where it was found, for messages: `unix:///var/run/docker.sock`. */
  readonly address: string
  /** The API version in force, such as `1.41`. */
  readonly apiVersion: string
  ping(options?: CallOptions): Promise<void>
  version(options?: CallOptions): Promise<EngineVersion>
  info(options?: CallOptions): Promise<EngineInfo>

  createContainer(request: CreateRequest, options?: CallOptions): Promise<{ id: string; warnings: string[] }>
  /** True when it was started, false when it already ran. */
  startContainer(id: string, options?: CallOptions): Promise<boolean>
  /** True when it was stopped, false when it was not running. */
  stopContainer(id: string, graceMs: number, options?: CallOptions): Promise<boolean>
  restartContainer(id: string, graceMs: number, options?: CallOptions): Promise<void>
  pauseContainer(id: string, options?: CallOptions): Promise<void>
  unpauseContainer(id: string, options?: CallOptions): Promise<void>
  killContainer(id: string, signal: string, options?: CallOptions): Promise<void>
  /** One that is gone is removed; one that somebody else is removing is waited for. */
  removeContainer(
    id: string,
    request: { force: boolean; volumes: boolean },
    options?: CallOptions,
  ): Promise<void>
  inspectContainer(id: string, options?: CallOptions): Promise<ContainerInspection>
  listContainers(
    filters: { labels?: string[]; all: boolean },
    options?: CallOptions,
  ): Promise<ContainerSummary[]>
  /** Arms a wait and resolves when the engine has accepted it. */
  waitContainer(
    id: string,
    condition: 'not-running' | 'next-exit' | 'removed',
    options?: CallOptions,
  ): Promise<ArmedWait>
  /** The raw log stream; framed (see streaming/demux) unless the container has a terminal. */
  containerLogs(id: string, request: LogRequest, options?: CallOptions): Promise<Readable>
  /** One raw stats sample, as the engine gives it. */
  containerStats(id: string, options?: CallOptions): Promise<Record<string, unknown>>
  /** Attaches to the main process, framed unless it has a terminal. `end()` half-closes. */
  attachContainer(
    id: string,
    request: { stdin: boolean; stdout: boolean; stderr: boolean },
    options?: CallOptions,
  ): Promise<Duplex>
  containerTop(
    id: string,
    psArguments?: string,
    options?: CallOptions,
  ): Promise<{ titles: string[]; processes: string[][] }>

  createExec(id: string, request: ExecRequest, options?: CallOptions): Promise<string>
  /** Starts an exec with its streams attached over an upgraded connection, framed. `end()` half-closes. */
  startExec(execId: string, options?: CallOptions): Promise<Duplex>
  inspectExec(execId: string, options?: CallOptions): Promise<ExecInspection>

  /**
   * Extracts an uncompressed tar into an existing folder of the container's own layer or volumes. A stream has no
   * deadline by default: cutting it would leave half a file.
   */
  putArchive(id: string, path: string, tar: Readable | Uint8Array, options?: CallOptions): Promise<void>
  getArchive(id: string, path: string, options?: CallOptions): Promise<Readable>
  statArchive(id: string, path: string, options?: CallOptions): Promise<ArchiveStat>

  inspectImage(reference: string, options?: CallOptions): Promise<ImageInspection>
  /** Progress as the engine tells it; throws PULL_FAILED on an error in the stream. */
  pullImage(
    reference: string,
    auth?: { username: string; password: string },
    options?: CallOptions,
  ): Promise<AsyncIterable<ProgressMessage>>
  /** Progress as the engine tells it; an error in the stream is a message with `error`. */
  buildImage(
    tar: Readable,
    request: BuildRequest,
    options?: CallOptions,
  ): Promise<AsyncIterable<ProgressMessage>>
  tagImage(reference: string, tag: string, options?: CallOptions): Promise<void>
  removeImage(reference: string, request: { force: boolean }, options?: CallOptions): Promise<void>

  createVolume(name: string, labels: Record<string, string>, options?: CallOptions): Promise<VolumeInspection>
  inspectVolume(name: string, options?: CallOptions): Promise<VolumeInspection>
  removeVolume(name: string, options?: CallOptions): Promise<void>
  createNetwork(request: NetworkRequest, options?: CallOptions): Promise<string>
  inspectNetwork(id: string, options?: CallOptions): Promise<NetworkInspection>
  removeNetwork(id: string, options?: CallOptions): Promise<void>

  /** The events stream from `sinceNano` on; ends when the connection does. */
  events(
    request: { sinceNano?: bigint; filters: EventFilters },
    options?: CallOptions,
  ): Promise<AsyncIterable<EngineEvent>>
  /** Ends every connection. Idempotent. */
  close(): Promise<void>
}
