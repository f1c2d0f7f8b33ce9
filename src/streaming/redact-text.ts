import type { RedactionPatterns } from './redact-patterns.js'
import { createRedactor } from './redact.js'

/** The text with all secrets masked, for messages of errors and events. The same string when there is none in it. */
export function redactText(text: string, patterns: RedactionPatterns): string {
  const { index } = patterns
  const bytes = Buffer.from(text)
  if (index === undefined || index.scan(bytes, 0).occurrences.length === 0) return text
  const pieces: Uint8Array[] = []
  const redactor = createRedactor({ patterns, onBytes: (piece) => pieces.push(piece) })
  redactor.push(bytes)
  redactor.end()
  return Buffer.concat(pieces).toString()
}
