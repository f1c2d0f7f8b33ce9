import type { FileChange } from './file-types.js'
import type { WatchedFolder } from './watched-folder.js'

/**
 * The changes of a folder, from when {@link ready} resolves. Who does not read on holds up nothing but the watch
 * itself, and finds an `overflow` when that was too long. Ends when the folder is gone, after its `removed`; leaving
 * the loop ends it too.
 */
export class FileWatch implements AsyncIterable<FileChange>, AsyncDisposable {
  /** Resolves when the watch has begun; rejects where it cannot. May be left alone. */
  readonly ready: Promise<void>

  /** @internal */
  constructor(private readonly folder: Promise<WatchedFolder>) {
    this.ready = folder.then(({ ready }) => ready)
    this.ready.catch(() => {})
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<FileChange, void, undefined> {
    try {
      yield* (await this.folder).changes()
    } finally {
      await this.close()
    }
  }

  /** Ends the watch. Idempotent. */
  async close(): Promise<void> {
    const folder = await this.folder.catch(() => undefined) // `ready` has told
    await folder?.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
