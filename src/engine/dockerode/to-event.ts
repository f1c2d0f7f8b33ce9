import type { EngineEvent } from '../engine-types.js'
import type { JsonLine } from './json-lines.js'

/** One line of the events stream. Undefined for a message that is no event of a thing, such as a keep-alive. */
export function toEvent({ value, text }: JsonLine): EngineEvent | undefined {
  const { Type: type, Action: action, Actor: actor } = value
  if (typeof type !== 'string' || typeof action !== 'string') return undefined
  const { ID: actorId = '', Attributes: attributes } = (actor ?? {}) as {
    ID?: string
    Attributes?: Record<string, string> | null
  }
  return { type, action, actorId, attributes: attributes ?? {}, timeNano: timeNanoOf(value, text) }
}

/**
 * Out of the text, since a parsed number has lost its last digits. The engine's own field is the last of that name:
 * attributes, which anyone may have chosen, come before it, and inside a string its quotes would be escaped.
 */
function timeNanoOf(value: JsonLine['value'], text: string): bigint {
  const digits = [...text.matchAll(/"timeNano"\s*:\s*(\d+)/g)].at(-1)?.[1]
  if (digits !== undefined) return BigInt(digits)
  return typeof value['time'] === 'number' ? BigInt(value['time']) * 1_000_000_000n : 0n
}
