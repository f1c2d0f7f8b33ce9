import { outcomeOf } from '../builtins/outcome.js'
import type { Command } from '../command/command.js'
import { FieldParser, type Field } from './field-parser.js'
import { watchError } from './file-error.js'
import { joinPath, shownPath } from './file-path.js'
import type { FileChange, FilePath } from './file-types.js'

const ready = 1
const moved = 5
const overflow = 6
const types = { 2: 'created', 3: 'changed', 4: 'removed' } as const

/** A watch that runs. */
export class WatchedFolder {
  /** Resolves when the watch has begun. */
  readonly ready: Promise<void>
  readonly #fields: AsyncGenerator<Field>

  constructor(
    private readonly command: Command,
    private readonly path: FilePath,
    private readonly signal: AbortSignal | undefined,
  ) {
    this.#fields = this.#read()
    this.ready = this.#begin()
    this.ready.catch(() => {})
  }

  async *changes(): AsyncGenerator<FileChange, void, undefined> {
    await this.ready
    for await (const field of this.#fields) {
      const change = this.#changeOf(field)
      if (change) yield change
    }
  }

  async close(): Promise<void> {
    await this.command.kill({ graceMs: 0 })
  }

  async #begin(): Promise<void> {
    const first = await this.#fields.next()
    if (!first.done && first.value.tag !== ready) throw new TypeError('a watch that begins with a change')
  }

  async *#read(): AsyncGenerator<Field> {
    const parser = new FieldParser()
    for await (const bytes of this.command.stdout) yield* parser.push(bytes as Uint8Array)
    const what = `Watching ${shownPath(this.path)}`
    const failure = await outcomeOf(this.command, what, this.signal)
    if (failure) throw watchError(what, failure)
  }

  #changeOf({ tag, value }: Field): FileChange | undefined {
    if (tag === overflow) return { type: 'overflow' }
    if (tag === moved) {
      const middle = value.indexOf(0)
      const [from, path] = [value.subarray(0, middle), value.subarray(middle + 1)]
      return { type: 'moved', path: joinPath(this.path, path), from: joinPath(this.path, from) }
    }
    const type = types[tag as keyof typeof types]
    return type && { type, path: joinPath(this.path, value) }
  }
}
