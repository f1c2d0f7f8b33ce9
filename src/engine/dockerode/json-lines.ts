import { StringDecoder } from 'node:string_decoder'
import { ContainersError } from '../../errors/containers-error.js'

/** No engine sends a longer message; something else is at the other end. */
const maxLineLength = 16 * 1024 * 1024

/** One message of a stream of JSON, with its text: numbers beyond 2^53 survive only there. */
export interface JsonLine {
  readonly value: Readonly<Record<string, unknown>>
  readonly text: string
}

/** The JSON objects of a stream, one a line. Throws ENGINE_PROTOCOL for a line that is none. */
export async function* jsonLines(
  source: AsyncIterable<Uint8Array>,
  what: string,
): AsyncGenerator<JsonLine, void> {
  const decoder = new StringDecoder('utf8')
  const parts: string[] = []
  let length = 0
  for await (const chunk of source) {
    const pieces = decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)).split('\n')
    for (const [index, piece] of pieces.entries()) {
      length += piece.length
      if (length > maxLineLength) throw notJson(what, parts.join(''))
      parts.push(piece)
      if (index === pieces.length - 1) break
      const line = parse(parts.join(''), what)
      parts.length = length = 0
      if (line !== undefined) yield line
    }
  }
  const last = parse(parts.join('') + decoder.end(), what)
  if (last !== undefined) yield last
}

function parse(line: string, what: string): JsonLine | undefined {
  const text = line.trim()
  if (text === '') return undefined
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw notJson(what, text)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw notJson(what, text)
  return { value: value as Record<string, unknown>, text }
}

function notJson(what: string, text: string): ContainersError {
  const shown = JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text)
  return new ContainersError('ENGINE_PROTOCOL', `${what} holds a line that is not a JSON object: ${shown}.`)
}
