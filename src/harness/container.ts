import type { Readable } from 'node:stream'
import type { DownloadOptions } from '../archives/download.js'
import type { UploadOptions, UploadSource } from '../archives/upload.js'
import type { ContainerInspection } from '../engine/engine-types.js'
import { isContainersError } from '../errors/containers-error.js'
import { execInContainer, type ContainerExec } from '../exec/exec-in-container.js'
import type { ExecOptions } from '../exec/exec-options.js'
import type { Files } from '../files/files.js'
import type { LogOptions } from '../logs/log-options.js'
import { openLogs, type ContainerLogs } from '../logs/open-logs.js'
import type { ContainerExit } from '../model/container-exit.js'
import type { SignalName } from '../model/signal.js'
import { signalNumbers } from '../model/signal.js'
import type { Attachment, AttachOptions } from './attachment.js'
import * as check from './check-option.js'
import { openFiles, type ContainerFiles } from './container-files.js'
import type { ContainerLease } from './container-lease.js'
import { ContainerRun } from './container-run.js'
import type { ContainerInit } from './create-options.js'
import type { EnforcedLimits } from './enforced-limits.js'
import { throwIfClosed, type HarnessContext } from './harness-context.js'
import type { PublishedAddress } from './published-address.js'

/** What every call of a container takes. */
export interface SignalOptions {
  /** Aborts the call; it then rejects with `ABORTED`. */
  signal?: AbortSignal
}

const DEFAULT_STOP_GRACE_MS = 1_000
const LONGEST_GRACE_MS = 24 * 3_600_000

/**
 * One container of an engine: got from `harness.create`, or from `harness.container` for one that is there already.
 * Calls throw `CONTAINER_NOT_FOUND` when it is not, and `CLOSED` once the harness was closed.
 */
export class Container implements AsyncDisposable {
  readonly #run: ContainerRun
  #files: ContainerFiles | undefined

  /** @internal */
  constructor(
    private readonly context: HarnessContext,
    /** Its full id where this harness created it, else the name or id that it was asked for by. */
    readonly id: string,
    private readonly created?: { readonly stopSignal: SignalName; readonly init: ContainerInit },
  ) {
    this.#run = new ContainerRun(context, id, created !== undefined)
  }

  /** What process 1 is, where this harness created it. */
  get init(): ContainerInit | undefined {
    return this.created?.init
  }

  /**
   * Starts it; nothing happens when it runs already. A container that this harness created and whose first start
   * fails is removed again.
   *
   * @throws `START_FAILED`, `PORT_TAKEN`, `MOUNT_SOURCE_MISSING`, …
   */
  async start({ signal }: SignalOptions = {}): Promise<void> {
    await this.#run.start(signal)
  }

  /**
   * Waits for the end of its main process: of the run of now, of the last one when it has ended, of the first one
   * when it was never started. Survives a lost connection, by asking and by events. Many waits at once are fine.
   *
   * @throws `EXIT_UNKNOWN` only when neither the engine's wait, its inspect nor its events can tell how it ended.
   */
  async wait({ signal }: SignalOptions = {}): Promise<ContainerExit> {
    return this.#run.wait(signal)
  }

  /** {@link stopWithTimeout} with a grace of 1,000 ms. */
  async stop(options: SignalOptions = {}): Promise<void> {
    await this.stopWithTimeout(DEFAULT_STOP_GRACE_MS, options)
  }

  /**
   * Sends its stop signal (SIGTERM, unless the image or the options say another) and, after `graceMs`, SIGKILL.
   * Resolves when it has stopped. One that does not run is left as it is.
   */
  async stopWithTimeout(graceMs: number, { signal }: SignalOptions = {}): Promise<void> {
    check.integer(0, LONGEST_GRACE_MS)('graceMs', graceMs)
    throwIfClosed(this.context)
    const takeBack = this.context.stops.of(this.id).stop(this.#stopSignal(), graceMs)
    await this.#asked(takeBack, () => this.context.engine.stopContainer(this.id, graceMs, { signal }))
  }

  /** Stops it as {@link stopWithTimeout} does, then starts it. */
  async restart({
    graceMs = DEFAULT_STOP_GRACE_MS,
    signal,
  }: SignalOptions & { graceMs?: number } = {}): Promise<void> {
    await this.stopWithTimeout(graceMs, signal ? { signal } : {})
    await this.start(signal ? { signal } : {})
  }

  /** Freezes every process in it. */
  async pause({ signal }: SignalOptions = {}): Promise<void> {
    throwIfClosed(this.context)
    await this.context.engine.pauseContainer(this.id, { signal })
  }

  /** Ends a {@link pause}. */
  async resume({ signal }: SignalOptions = {}): Promise<void> {
    throwIfClosed(this.context)
    await this.context.engine.unpauseContainer(this.id, { signal })
  }

  /**
   * Sends a signal to its main process.
   *
   * @param signalToSend - Default: `SIGKILL`.
   * @throws `CONTAINER_STATE` when it does not run.
   */
  async kill(signalToSend: SignalName = 'SIGKILL', { signal }: SignalOptions = {}): Promise<void> {
    check.oneOf(...Object.keys(signalNumbers))('signal', signalToSend)
    throwIfClosed(this.context)
    const takeBack = this.context.stops.of(this.id).kill(signalToSend)
    await this.#asked(takeBack, () => this.context.engine.killContainer(this.id, signalToSend, { signal }))
  }

  /**
   * Removes it. One that is gone, or that somebody else is removing, is a success.
   *
   * @throws `CONTAINER_STATE` when it runs and `force` was not given.
   */
  async remove(
    options: SignalOptions & {
      /** Kills it first when it runs. Default: false. */
      force?: boolean
      /** Removes its anonymous volumes too. Default: true. */
      volumes?: boolean
    } = {},
  ): Promise<void> {
    throwIfClosed(this.context)
    const { force = false, volumes = true, signal } = options
    const { engine, events, stops } = this.context
    const takeBack = force ? stops.of(this.id).remove() : () => {}
    try {
      await this.#asked(takeBack, () => engine.removeContainer(this.id, { force, volumes }, { signal }))
    } catch (error) {
      if (!isContainersError(error, 'CONTAINER_NOT_FOUND')) throw error
    }
    events.emit('containerRemoved', { containerId: this.id })
  }

  async #asked(takeBack: () => void, ask: () => Promise<boolean | void>): Promise<void> {
    try {
      if ((await ask()) === false) takeBack()
    } catch (error) {
      if (isContainersError(error) && !error.retryable) takeBack()
      throw error
    }
  }

  #stopSignal(): SignalName {
    return this.created?.stopSignal ?? 'SIGTERM'
  }

  /** What the engine says of it, as plain data. */
  async inspect({ signal }: SignalOptions = {}): Promise<ContainerInspection> {
    throwIfClosed(this.context)
    return this.context.engine.inspectContainer(this.id, { signal })
  }

  /** What the kernel holds it to, beside what was asked for. It must be running. */
  async enforcedLimits(options: SignalOptions = {}): Promise<EnforcedLimits> {
    throwIfClosed(this.context)
    const { readEnforcedLimits } = await import('./enforced-limits.js')
    return readEnforcedLimits(this.context.engine, this.id, options)
  }

  /**
   * Its log. Each loop over it reads it anew, by chunks, or by `lines()`, and throws `NOT_SUPPORTED` where there is
   * none, as with `init: 'supervisor'` unless `logs` was given.
   *
   * @example
   * ```ts
   * for await (const entry of container.logs({ follow: true }).lines()) {
   *   if (entry.stream === 'gap') console.warn('the engine lost some')
   *   else console.log(entry.stream, entry.text)
   * }
   * ```
   */
  logs(options: LogOptions = {}): ContainerLogs {
    throwIfClosed(this.context)
    return openLogs(this.context.engine, this.id, options)
  }

  /**
   * Brings files in: a path of this machine (a folder stands for what is in it), an uncompressed tar, or entries. On
   * a tmpfs too, by the container's own `tar`, where the engine's archive call would miss in silence.
   *
   * @throws `PATH_NOT_FOUND`, `NOT_SUPPORTED` where it can only be read, …
   */
  async upload(target: string, source: UploadSource, options: UploadOptions = {}): Promise<void> {
    throwIfClosed(this.context)
    const { upload } = await import('../archives/upload.js') // loads tar-stream
    await upload(this.context.engine, this.id, target, source, options)
  }

  /** A file or folder of it as a tar stream. Do not unpack it unchecked: its content is the container's. */
  async download(path: string, options: SignalOptions = {}): Promise<Readable> {
    throwIfClosed(this.context)
    const { download } = await import('../archives/download.js')
    return download(this.context.engine, this.id, path, options)
  }

  /**
   * Unpacks a file or folder of it into a folder of this machine.
   *
   * @throws `ARCHIVE_UNSAFE` when an entry would leave the folder; nothing is written outside of it.
   */
  async downloadTo(path: string, hostFolder: string, options: DownloadOptions = {}): Promise<void> {
    throwIfClosed(this.context)
    const { downloadTo } = await import('../archives/download.js')
    await downloadTo(this.context.engine, this.id, path, hostFolder, options)
  }

  /**
   * Its files, read, written, listed and watched by the supervisor as the container's user. It must be running.
   *
   * @example
   * ```ts
   * await container.files.write('/tmp/notes.md', 'hello')
   * console.log(await container.files.readText('/tmp/notes.md'))
   * ```
   */
  get files(): Files {
    throwIfClosed(this.context)
    return (this.#files ??= openFiles(this.context, this.id, this.init)).files
  }

  /**
   * Has it end itself, with all its commands and code 0, when nobody renews this, needs it or stops it in time. Its
   * process 1 counts, so no host need be alive. Call it again, well before `leaseMs` is over, to keep it. A command that
   * ends so has the reason `containerDied`.
   *
   * @throws `INVALID_OPTION`, `CONTAINER_STATE` when it does not run, `NOT_SUPPORTED` without `init: 'supervisor'`.
   */
  async lease(limits: ContainerLease, { signal }: SignalOptions = {}): Promise<void> {
    const { setLease } = await import('./container-lease.js')
    await setLease(this.context, this.id, limits, signal)
  }

  /**
   * Where one of its published ports is reached from this machine.
   *
   * @throws `PORT_NOT_PUBLISHED`, `CONTAINER_STATE` when it does not run, `NOT_SUPPORTED` when it is published on the
   * loopback of an engine elsewhere.
   */
  async address(
    port: number,
    { protocol = 'tcp', signal }: SignalOptions & { protocol?: 'tcp' | 'udp' } = {},
  ): Promise<PublishedAddress> {
    check.integer(1, 65_535)('port', port)
    check.oneOf('tcp', 'udp')('protocol', protocol)
    const inspection = await this.inspect(signal ? { signal } : {})
    const { publishedAddress } = await import('./published-address.js')
    return publishedAddress(inspection, port, protocol, this.context.engine.address)
  }

  /** Runs a command by the engine's own exec. A `DockerRunner` is quicker, can kill it, and knows its exit exactly. */
  exec(argv: readonly string[], options: ExecOptions = {}): ContainerExec {
    throwIfClosed(this.context)
    return execInContainer(this.context.engine, this.id, argv, options)
  }

  /** Attaches to the main process; before {@link start}, so that nothing is missed. */
  async attach(options: AttachOptions = {}): Promise<Attachment> {
    throwIfClosed(this.context)
    const { attach } = await import('./attachment.js')
    return attach(this.context.engine, this.id, options)
  }

  /** Removes it, by force, if `harness.create` made it; else only lets go. Never throws. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#files?.close()
    this.#files = undefined
    if (this.created) await this.#run.removeQuietly()
  }
}
