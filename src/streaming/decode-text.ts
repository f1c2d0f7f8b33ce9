import { asBuffer, incompleteLength } from './utf8.js'

const EMPTY = Buffer.alloc(0)

/** Decodes UTF-8 that arrives in pieces, one for each stream; bytes that are no UTF-8 become U+FFFD. */
export interface Utf8Decoder {
  /** The text of all characters that are complete by now. */
  write(bytes: Uint8Array): string
  /** What is left: U+FFFD when the stream ended inside a character. */
  end(): string
}

/** A byte order mark is kept: it is a character of the text like others. */
export function createUtf8Decoder(): Utf8Decoder {
  let held = EMPTY
  return {
    write(bytes) {
      const all = held.length === 0 ? asBuffer(bytes) : Buffer.concat([held, bytes])
      const complete = all.length - incompleteLength(all)
      // A copy: the few bytes held must not pin the chunk that they came in.
      held = complete === all.length ? EMPTY : Buffer.from(all.subarray(complete))
      return all.toString('utf8', 0, complete)
    },
    end() {
      const text = held.toString()
      held = EMPTY
      return text
    },
  }
}
