import { Readable } from 'node:stream'
import type { StartBuiltin } from '../builtins/builtin.js'
import { outcomeOf } from '../builtins/outcome.js'
import type { Command } from '../command/command.js'
import { BrokenPipe } from '../command/command-stdin.js'
import { isContainersError } from '../errors/containers-error.js'
import * as check from './check-file-options.js'
import { encodeWrites } from './encode-writes.js'
import { FieldParser } from './field-parser.js'
import { fileError } from './file-error.js'
import { checkPath, folderFor, shownPath } from './file-path.js'
import type {
  FileEntry, FileOptions, FilePath, FileToWrite, MkdirOptions, MoveOptions, ReadOptions, StatOptions, StreamOptions,
  TreeOptions, WriteOptions,
} from './file-types.js' // prettier-ignore
import { EntryReader } from './read-entries.js'
import { WatchedFolder } from './watched-folder.js'

const defaultMaxBytes = 256 * 1024 ** 2

/** What a call does, for its errors, and to which paths. */
interface Work {
  readonly what: string
  readonly paths: readonly FilePath[]
  readonly stdin?: Buffer | Readable
}

/** What {@link Files} do, loaded with the first call. */
export class FileWork {
  constructor(private readonly start: StartBuiltin) {}

  async read(path: FilePath, options: ReadOptions): Promise<Buffer> {
    const { maxBytes = defaultMaxBytes } = options
    checkPath('path', path)
    check.count('maxBytes', maxBytes)
    const work = { what: `Reading ${shownPath(path)}`, paths: [path] }
    return this.#bytes(['file-read', path, '0', String(maxBytes), '1'], work, options)
  }

  async *stream(path: FilePath, options: StreamOptions): AsyncGenerator<Buffer> {
    const { start = 0, end = Number.MAX_SAFE_INTEGER } = options
    checkPath('path', path)
    check.count('start', start)
    check.count('end', end, start)
    const work = { what: `Reading ${shownPath(path)}`, paths: [path] }
    yield* this.#pieces(['file-read', path, String(start), String(end - start), '0'], work, options)
  }

  async writeMany(files: readonly FileToWrite[], options: WriteOptions): Promise<void> {
    check.writes(files)
    if (files.length === 0) return
    const paths = files.map(({ path }) => path)
    const what = `Writing ${paths.length === 1 ? shownPath(paths[0] as FilePath) : `${paths.length} files`}`
    const encoded = encodeWrites(files, options)
    if (Buffer.isBuffer(encoded)) {
      await this.#bytes(['file-write'], { what, paths, stdin: encoded }, options)
      return
    }
    let problem: unknown
    const stdin = Readable.from(encoded, { objectMode: false }).once('error', (error) => {
      if (!(error instanceof BrokenPipe)) problem = error // else it is the end of the command that ended it
    })
    try {
      await this.#bytes(['file-write'], { what, paths, stdin }, options)
    } catch (error) {
      throw isContainersError(error, 'CLOSED') && problem !== undefined ? problem : error
    }
  }

  async *entries(path: FilePath, options: TreeOptions): AsyncGenerator<FileEntry, void, undefined> {
    checkPath('path', path)
    const work = { what: `Listing ${shownPath(path)}`, paths: [path] }
    const argv = ['file-list', path, options.recursive === true ? '1' : '0']
    const [parser, reader] = [new FieldParser(), new EntryReader(path)]
    for await (const bytes of this.#pieces(argv, work, options)) {
      for (const field of parser.push(bytes)) {
        const entry = reader.push(field)
        if (entry) yield entry
      }
    }
    parser.end()
  }

  async stat(path: FilePath, options: StatOptions): Promise<FileEntry> {
    checkPath('path', path)
    const work = { what: `Looking at ${shownPath(path)}`, paths: [path] }
    const bytes = await this.#bytes(
      ['file-stat', path, options.followLink === false ? '0' : '1'],
      work,
      options,
    )
    const reader = new EntryReader(undefined)
    const [entry] = new FieldParser().push(bytes).flatMap((field) => reader.push(field) ?? [])
    return entry as FileEntry
  }

  async mkdir(path: FilePath, options: MkdirOptions): Promise<void> {
    const { createParents = false, mode = 0o755 } = options
    checkPath('path', path)
    check.mode(mode, 0o1777)
    const work = { what: `Making the folder ${shownPath(path)}`, paths: [path] }
    await this.#bytes(['file-mkdir', path, String(mode), createParents ? '1' : '0'], work, options)
  }

  async move(from: FilePath, to: FilePath, options: MoveOptions): Promise<void> {
    checkPath('from', from)
    checkPath('to', to)
    const work = { what: `Moving ${shownPath(from)} to ${shownPath(to)}`, paths: [from, to] }
    await this.#bytes(['file-move', from, to, options.replace === false ? '0' : '1'], work, options)
  }

  async remove(path: FilePath, options: TreeOptions): Promise<void> {
    checkPath('path', path)
    check.removable(path)
    const work = { what: `Removing ${shownPath(path)}`, paths: [path] }
    await this.#bytes(['file-remove', path, options.recursive === true ? '1' : '0'], work, options)
  }

  watch(path: FilePath, options: TreeOptions): WatchedFolder {
    checkPath('path', path)
    const argv = ['file-watch', path, options.recursive === true ? '1' : '0']
    const command = this.#begin(argv, { what: `Watching ${shownPath(path)}`, paths: [path] }, options)
    return new WatchedFolder(command, path, options.signal)
  }

  #begin(argv: FilePath[], { paths, stdin }: Work, { user, signal }: FileOptions): Command {
    return this.start(argv, { user, signal, cwd: folderFor(...paths), ...(stdin && { stdin }) })
  }

  async #bytes(argv: FilePath[], work: Work, options: FileOptions): Promise<Buffer> {
    const pieces: Buffer[] = []
    for await (const piece of this.#pieces(argv, work, options)) pieces.push(piece)
    return Buffer.concat(pieces)
  }

  async *#pieces(argv: FilePath[], work: Work, options: FileOptions): AsyncGenerator<Buffer> {
    const command = this.#begin(argv, work, options)
    try {
      yield* command.stdout as AsyncIterable<Buffer>
      const failure = await outcomeOf(command, work.what, options.signal)
      if (failure) throw fileError(work.what, failure)
    } finally {
      void command.kill({ graceMs: 0 }) // for who stops reading early
    }
  }
}
