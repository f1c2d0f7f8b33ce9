import { posix } from 'node:path'
import { pipeline, Transform, type Readable } from 'node:stream'
import type { CommandExit } from '../command/command-exit.js'
import type { CallOptions, ContainerEngine } from '../engine/container-engine.js'
import { ContainersError, isContainersError } from '../errors/containers-error.js'
import { execInContainer } from '../exec/exec-in-container.js'
import { runInContainer, type ExecResult } from '../exec/run-in-container.js'
import { collect, type Collected } from '../streaming/collect.js'
import { packEntries } from './pack-entries.js'
import type { EntryOwner } from './pack-folder.js'
import type { PathKind, Place } from './place.js'

/** A single file is held in memory up to this size where the container has no tar. */
const MAX_FILE_BYTES = 64 * 1024 * 1024
/** GNU tar ends with code 1 for these alone; the archive is whole. */
const harmless = /file changed as we read it|File removed before we read it|socket ignored/

/** By programs of the container itself, run as its root user: sees what its processes see, but must be running. */
export class InBandPlace implements Place {
  constructor(
    private readonly engine: ContainerEngine,
    private readonly containerId: string,
    private readonly options: CallOptions,
  ) {}

  async kindOf(path: string): Promise<PathKind> {
    if ((await this.#run(['test', '-d', path])).exit.succeeded) return 'folder'
    const other = await this.#run(['test', '-e', path])
    return other.exit.succeeded ? 'other' : 'nothing'
  }

  async makeFolder(path: string, { uid, gid }: EntryOwner): Promise<void> {
    check(await this.#run(['mkdir', '-p', '--', path]), `Making the folder ${path}`)
    if (uid === undefined && gid === undefined) return
    check(await this.#run(['chown', `${uid ?? 0}:${gid ?? 0}`, path]), `Setting the owner of ${path}`)
  }

  async extract(folder: string, tar: Readable): Promise<void> {
    const sourceFailed = new Promise<never>((_, reject) => tar.once('error', reject))
    sourceFailed.catch(() => {})
    const extracted = this.#run(['tar', '-x', '-f', '-', '-C', folder], tar)
    check(await Promise.race([extracted, sourceFailed]), `Extracting into ${folder}`)
  }

  async pack(path: string): Promise<Readable> {
    const name = posix.basename(path) || '.'
    const stop = new AbortController()
    const signals = [stop.signal, ...(this.options.signal ? [this.options.signal] : [])]
    const argv = ['tar', '-c', '-f', '-', '-C', posix.dirname(path), '--', name]
    const tar = this.#start(argv, AbortSignal.any(signals))
    const stderr = collect(tar.stderr, { maxBytes: 64 * 1024 })
    stderr.catch(() => {})
    // Its end is only good once tar's own is. Read from the start: what nobody reads is dropped.
    const checked = new Transform({
      highWaterMark: 1024 * 1024,
      transform: (chunk, _, done) => done(null, chunk),
      flush: (done) => void checkTar(`Packing ${path}`, tar.exit, stderr).then(() => done(), done),
    })
    pipeline(tar.stdout, checked, () => stop.abort())
    try {
      await tar.started
      return checked
    } catch (cause) {
      checked.on('error', () => {}).destroy()
      const error = lackOf('tar', cause)
      if (!isMissingProgram(error)) throw error
      return packEntries([{ path: name, content: await this.#readFile(path) }], {})
    }
  }

  /** Writes one file without tar. Its size is read back. */
  async writeFile(path: string, content: Readable, sizeBytes: number, owner: EntryOwner): Promise<void> {
    check(await this.#run(['dd', `of=${path}`, 'bs=65536'], content), `Writing ${path}`)
    const { stdout } = await this.#run(['wc', '-c', path])
    if (Number.parseInt(stdout, 10) !== sizeBytes) {
      const message = `Writing ${path} failed: ${sizeBytes} bytes were sent and ${stdout.trim()} are there.`
      throw new ContainersError('ARCHIVE_INVALID', message)
    }
    const { uid = 0, gid = 0, mode } = owner
    if (mode !== undefined)
      check(await this.#run(['chmod', mode.toString(8), path]), `Setting the mode of ${path}`)
    if (uid !== 0 || gid !== 0)
      check(await this.#run(['chown', `${uid}:${gid}`, path]), `Setting the owner of ${path}`)
  }

  /** Gives a file another name in one step. */
  async rename(from: string, to: string): Promise<void> {
    check(await this.#run(['mv', '-f', '--', from, to]), `Renaming ${from} to ${to}`)
  }

  async removeFile(path: string): Promise<void> {
    check(await this.#run(['rm', '-f', '--', path]), `Removing ${path}`)
  }

  async #readFile(path: string): Promise<Uint8Array> {
    const command = this.#start(['cat', path])
    const content = await collect(command.stdout, { maxBytes: MAX_FILE_BYTES })
    const exit = await command.exit
    if (exit.succeeded && !content.truncated) return content.bytes
    const why = content.truncated ? `it is larger than ${MAX_FILE_BYTES} bytes` : 'it is no readable file'
    throw new ContainersError('NOT_SUPPORTED', `${path} cannot be read without tar in the image: ${why}.`)
  }

  #start(argv: readonly string[], signal = this.options.signal) {
    return execInContainer(this.engine, this.containerId, argv, {
      user: '0',
      maxStallMs: Infinity,
      ...(signal !== undefined && { signal }),
    })
  }

  async #run(argv: readonly [string, ...string[]], stdin?: Readable): Promise<ExecResult> {
    const { signal } = this.options
    try {
      return await runInContainer(this.engine, this.containerId, argv, {
        user: '0',
        maxOutputBytes: 64 * 1024,
        ...(stdin !== undefined && { stdin }),
        ...(signal !== undefined && { signal }),
      })
    } catch (error) {
      throw lackOf(argv[0], error)
    }
  }
}

/** Whether an error says that the image lacks the program. */
export function isMissingProgram(error: unknown): boolean {
  return isContainersError(error, 'NOT_SUPPORTED') && error.details.missing !== undefined
}

/** The error for a program that the image lacks; any other is left as it is. */
function lackOf(program: string, error: unknown): unknown {
  if (!isContainersError(error, 'SPAWN_FAILED') || error.details.errno !== 'ENOENT') return error
  const message = `The image has no ${program}, without which this cannot be done in memory. Use the container's files, which need no program of the image, or a volume.`
  return new ContainersError('NOT_SUPPORTED', message, { cause: error, details: { missing: program } })
}

async function checkTar(
  what: string,
  exited: Promise<CommandExit>,
  messages: Promise<Collected>,
): Promise<void> {
  const exit = await exited
  const { text } = await messages
  const lines = text.trim().split('\n')
  if (exit.succeeded || (exit.code === 1 && lines.every((line) => harmless.test(line)))) return
  throw failure(what, exit, text)
}

function check({ exit, stderr }: ExecResult, what: string): void {
  if (!exit.succeeded) throw failure(what, exit, stderr)
}

function failure(what: string, exit: CommandExit, stderr: string): ContainersError {
  const why = stderr.trim() || exit.explanation || `code ${exit.code}`
  return new ContainersError('ARCHIVE_INVALID', `${what} in the container failed: ${why}`, {
    details: { reason: exit.reason, code: exit.code },
  })
}
