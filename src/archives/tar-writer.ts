import { Readable } from 'node:stream'
import { pack, type Header } from 'tar-stream'

/** Small writes cost a system call each on their way to the engine. */
const CHUNK_BYTES = 256 * 1024
const EMPTY = new Uint8Array(0)

/** What is written of one entry. Sizes come from the content. */
export type TarHeader = Partial<Header> & { name: string }

/** Writes an uncompressed tar whose bytes come out of `readable` in large chunks. */
export class TarWriter {
  readonly readable: Readable
  readonly #pack = pack()
  #chunks: Buffer[] = []
  #bytes = 0

  constructor() {
    this.readable = new Readable({
      highWaterMark: 4 * CHUNK_BYTES,
      read: () => void this.#pack.resume(),
      destroy: (error, callback) => {
        this.#pack.destroy(error ?? undefined)
        callback(error)
      },
    })
    this.#pack.on('data', (chunk) => this.#take(chunk as Buffer))
    this.#pack.on('end', () => {
      this.#flush()
      this.readable.push(null)
    })
    this.#pack.on('error', (error) => this.readable.destroy(error))
  }

  /** Writes an entry with its whole content at hand, or one that has none. Resolves when there is room for more. */
  add(header: TarHeader, content: Uint8Array = EMPTY): Promise<void> {
    return new Promise((resolve, reject) => {
      const sink = this.#pack.entry(header, asBuffer(content), (error) => (error ? reject(error) : resolve()))
      sink.on('error', () => {}) // the callback tells
    })
  }

  /** Writes a file from a source of exactly `header.size` bytes; another number breaks the tar. */
  async addStream(header: TarHeader & { size: number }, source: AsyncIterable<Uint8Array>): Promise<void> {
    let finish: (error?: Error | null) => void = () => {}
    const written = new Promise<void>((resolve, reject) => {
      finish = (error) => (error ? reject(error) : resolve())
    })
    const sink = this.#pack.entry(header, (error) => finish(error))
    sink.on('error', () => {})
    for await (const chunk of source) {
      if (sink.write(asBuffer(chunk))) continue
      await Promise.race([new Promise((resolve) => sink.once('drain', () => resolve(undefined))), written])
    }
    sink.end(undefined)
    await written
  }

  finish(): void {
    this.#pack.finalize()
  }

  fail(error: Error): void {
    this.readable.destroy(error)
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    if (this.#bytes >= CHUNK_BYTES && !this.#flush()) this.#pack.pause()
  }

  #flush(): boolean {
    const [only] = this.#chunks
    const all = this.#chunks.length === 1 && only ? only : Buffer.concat(this.#chunks)
    this.#chunks = []
    this.#bytes = 0
    return all.length === 0 || this.readable.push(all)
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** A tar made by `fill` as it is read; what `fill` throws breaks the stream. */
export function tarOf(fill: (writer: TarWriter) => Promise<void>): Readable {
  const writer = new TarWriter()
  fill(writer).then(
    () => writer.finish(),
    (error: unknown) => writer.fail(error instanceof Error ? error : new Error(String(error))),
  )
  return writer.readable
}
