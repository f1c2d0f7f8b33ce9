import type { Readable } from 'node:stream'
import type { StartBuiltin } from '../builtins/builtin.js'
import { isContainersError } from '../errors/containers-error.js'
import { nodeStream } from '../internal/builtins.js'
import type {
  FileContent, FileEntry, FileOptions, FilePath, FileToWrite, MkdirOptions, MoveOptions, ReadOptions, StatOptions,
  StreamOptions, TreeOptions, WriteFileOptions, WriteOptions,
} from './file-types.js' // prettier-ignore
import type { FileWork } from './file-work.js'
import { FileWatch } from './file-watch.js'

/**
 * The files of a place, without archives and without any program in it: a function of the supervisor does the work as
 * the place's user, on the root, volumes, binds and tmpfs alike. Paths may be relative to the place's working folder.
 *
 * Calls throw `PATH_NOT_FOUND`, `PATH_EXISTS`, `PATH_DENIED`, `PATH_WRONG_TYPE`, `FOLDER_NOT_EMPTY`, `NO_SPACE`,
 * `FILE_TOO_LARGE`; `FILE_FAILED` for what else the system says (`details.errno`); `INVALID_OPTION` before anything is
 * touched; `ABORTED`; and what a runner of commands throws there, such as `CONTAINER_STATE`.
 *
 * @example
 * ```ts
 * await container.files.write('/workspace/notes.md', 'hello')
 * const text = await container.files.readText('/workspace/notes.md')
 * for (const { name, sizeBytes } of await container.files.list('/workspace')) console.log(name, sizeBytes)
 * ```
 */
export class Files {
  /** @internal */
  constructor(private readonly start: StartBuiltin) {}

  /** A whole regular file. */
  async read(path: FilePath, options: ReadOptions = {}): Promise<Buffer> {
    return (await this.#work()).read(path, options)
  }

  /** A whole regular file as UTF-8. */
  async readText(path: FilePath, options: ReadOptions = {}): Promise<string> {
    return (await this.read(path, options)).toString('utf8')
  }

  /** A regular file, or a part of it, bit by bit. It is opened when somebody reads, and read no faster than that. */
  stream(path: FilePath, options: StreamOptions = {}): Readable {
    return nodeStream().Readable.from(this.#stream(path, options), { objectMode: false })
  }

  /**
   * Writes a file, which appears whole or not at all: readers see the old content or the new. It keeps the mode of a
   * file that it replaces, and its owner where the user may set that. A source that fails, an abort, a lost host leave
   * what was there. A link is followed to where it points.
   */
  async write(path: FilePath, content: FileContent, options: WriteFileOptions = {}): Promise<void> {
    const { mode, ...rest } = options
    await this.writeMany([{ path, content, ...(mode !== undefined && { mode }) }], rest)
  }

  /** Writes files one after the other in one go, each as {@link write} does; those before one that fails stay. */
  async writeMany(files: readonly FileToWrite[], options: WriteOptions = {}): Promise<void> {
    await (await this.#work()).writeMany(files, options)
  }

  /** What is in a folder, sorted by path; with `recursive`, in the folders below it too. Follows no link. */
  async list(path: FilePath, options: TreeOptions = {}): Promise<FileEntry[]> {
    const entries: FileEntry[] = []
    for await (const entry of this.entries(path, options)) entries.push(entry)
    return entries.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  }

  /** As {@link list}, in no order and one by one, for folders of any size. */
  async *entries(path: FilePath, options: TreeOptions = {}): AsyncGenerator<FileEntry, void, undefined> {
    yield* (await this.#work()).entries(path, options)
  }

  /** What is under a path; of a link, what it points to, unless `followLink` is false. */
  async stat(path: FilePath, options: StatOptions = {}): Promise<FileEntry> {
    return (await this.#work()).stat(path, options)
  }

  /** Whether there is anything under a path that {@link stat} could tell of. */
  async exists(path: FilePath, options: FileOptions = {}): Promise<boolean> {
    try {
      await this.stat(path, options)
      return true
    } catch (error) {
      if (isContainersError(error, 'PATH_NOT_FOUND')) return false
      if (isContainersError(error) && error.details['errno'] === 'ENOTDIR') return false
      throw error
    }
  }

  /** Makes a folder. With `createParents` also those on the way, and one that is there already is fine. */
  async mkdir(path: FilePath, options: MkdirOptions = {}): Promise<void> {
    await (await this.#work()).mkdir(path, options)
  }

  /**
   * Moves a file or folder. A file may go to another file system, where it appears whole; a folder that would have to
   * (on the image's own files that is so within the root as well) is `NOT_SUPPORTED`.
   */
  async move(from: FilePath, to: FilePath, options: MoveOptions = {}): Promise<void> {
    await (await this.#work()).move(from, to, options)
  }

  /** Removes a file, a link itself, or an empty folder; with `recursive` all that is below it, following no link. */
  async remove(path: FilePath, options: TreeOptions = {}): Promise<void> {
    await (await this.#work()).remove(path, options)
  }

  /**
   * Watches a folder, or one file; with `recursive` the folders below it too, those to come included. What the host
   * changes under a bind mount is seen where engine and host share a kernel.
   *
   * @example
   * ```ts
   * const changes = container.files.watch('/workspace', { recursive: true, signal })
   * await changes.ready
   * for await (const change of changes) if (change.type !== 'overflow') console.log(change.type, change.path)
   * ```
   */
  watch(path: FilePath, options: TreeOptions = {}): FileWatch {
    return new FileWatch(this.#work().then((work) => work.watch(path, options)))
  }

  async *#stream(path: FilePath, options: StreamOptions): AsyncGenerator<Buffer> {
    yield* (await this.#work()).stream(path, options)
  }

  async #work(): Promise<FileWork> {
    const { FileWork } = await import('./file-work.js')
    return new FileWork(this.start)
  }
}
