import { isUtf8 } from 'node:buffer'
import { FIRST_BLOCKS } from './redact-index.js'
import { asBuffer } from './utf8.js'

/** Shorter ones are met by chance: masking them would change what is no secret. */
export const MIN_REDACTED_BYTES = 6

/** Where the usual tools break base64: coreutils and MIME, OpenSSL and PEM. */
const WRAP_COLUMNS = [76, 64]

/** How a value may be written. */
export interface Spelling {
  /** Its bytes, as latin1. */
  readonly text: string
  /** It is the same with ends of lines in it. */
  readonly mayBreak?: boolean
}

/**
 * Every spelling of a value that is to be masked, each at least {@link MIN_REDACTED_BYTES} long; none when the value is
 * too short. A text of several lines is looked for line by line, without indentation, since that is how it is printed
 * and quoted; the first and last line of PEM are public.
 */
export function spellingsOf(value: Uint8Array): readonly Spelling[] {
  const bytes = withoutLineEnd(asBuffer(value))
  const text = isUtf8(bytes) ? bytes.toString() : undefined
  const plain = text === undefined ? byteForms(bytes) : partsOf(text).flatMap(textForms)
  if (plain.length === 0) return []
  const filed = text === undefined ? [bytes] : [...inFiles(text)].map((form) => Buffer.from(form))
  return [...filed.flatMap(base64Forms), ...plain.map((form) => ({ text: form }))]
}

/** As it stands in files of secrets, whose base64 is looked for as well. */
function inFiles(text: string): ReadonlySet<string> {
  return new Set([text, inJson(text), inQuotes(text)])
}

/** Whether there is a spelling to look for, without making any. */
export function hasForms(value: Uint8Array): boolean {
  const bytes = withoutLineEnd(asBuffer(value))
  if (!isUtf8(bytes)) return bytes.length >= MIN_REDACTED_BYTES
  return partsOf(bytes.toString()).some((part) => Buffer.byteLength(part) >= MIN_REDACTED_BYTES)
}

function withoutLineEnd(bytes: Buffer): Buffer {
  let end = bytes.length
  while (end > 0 && (bytes[end - 1] === 10 || bytes[end - 1] === 13)) end--
  return bytes.subarray(0, end)
}

function partsOf(text: string): string[] {
  const lines = text.split(/\r\n|[\r\n]/)
  if (lines.length === 1) return lines
  return lines.map((line) => line.trim()).filter((line) => !/^-----(BEGIN|END) [^-]*-----$/.test(line))
}

/** This and the next give bytes as latin1, in which they compare as they are. */
function textForms(text: string): string[] {
  if (Buffer.byteLength(text) < MIN_REDACTED_BYTES) return []
  const forms = [text, ...jsonForms(text), ...shellForms(text), ...urlForms(text)]
  return forms.map((form) => Buffer.from(form).toString('latin1'))
}

function byteForms(bytes: Buffer): string[] {
  if (bytes.length < MIN_REDACTED_BYTES) return []
  return [bytes.toString('latin1'), ...percentForms(percentEncoded(bytes))]
}

/** As JavaScript, Python (ASCII), PHP (`\/`) and Go (`\u003c`) write it, and a JSON text inside a JSON text. */
function jsonForms(text: string): string[] {
  const json = inJson(text)
  const ascii = json.replace(/[\u007f-\uffff]/g, unicodeEscape)
  const slashed = json.replaceAll('/', '\\/')
  const forHtml = json.replace(/[<>&\u2028\u2029]/g, unicodeEscape)
  return [json, ascii, slashed, ascii.replaceAll('/', '\\/'), forHtml, inJson(json), inJson(ascii)]
}

function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** What is between the quotes of '…' (both ways to write a quote), "…" and $'…', and the form without any. */
function shellForms(text: string): string[] {
  return [
    inQuotes(text),
    text.replaceAll("'", `'"'"'`),
    text.replace(/["\\$`]/g, '\\$&'),
    text.replace(/["\\$`!]/g, '\\$&'),
    text.replace(/['\\]/g, '\\$&').replaceAll('\t', '\\t'),
    text.replace(/[^A-Za-z0-9_@%+=:,./\-\u0080-\uffff]/g, '\\$&'),
    text.replace(/[^A-Za-z0-9_@%+=:./\-\u0080-\uffff]/g, '\\$&'),
  ]
}

function inQuotes(text: string): string {
  return text.replaceAll("'", `'\\''`)
}

function urlForms(text: string): string[] {
  const component = encodeURIComponent(text)
  const strict = percentEncoded(Buffer.from(text))
  return [component, encodeURI(text), strict, component.replaceAll('%20', '+'), strict.replaceAll('%20', '+')]
    .flatMap(percentForms)
    .concat(percentForms(percentEncoded(Buffer.from(text), /[A-Za-z0-9*._-]/).replaceAll('%20', '+')))
}

function percentForms(encoded: string): string[] {
  return [encoded, encoded.replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase())]
}

function percentEncoded(bytes: Buffer, kept = /[A-Za-z0-9._~-]/): string {
  const encode = (character: string): string =>
    kept.test(character)
      ? character
      : `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
  return Array.from(bytes.toString('latin1'), encode).join('')
}

/**
 * Wherever the value begins in a longer text, the characters that depend on it alone; those at the two ends may share
 * some bits with its neighbours. Also the lines of the value by itself.
 */
function base64Forms(bytes: Buffer): Spelling[] {
  const cores = [0, 1, 2].map((before) => base64Core(bytes, before))
  const lines = WRAP_COLUMNS.flatMap((columns) => wrapped(cores[0] ?? '', columns))
  return [
    ...cores.flatMap((core, before) => inAlphabets(core).flatMap((text) => brokenForms(text, before))),
    ...lines.flatMap(inAlphabets).map((text) => ({ text })),
  ]
}

function inAlphabets(text: string): string[] {
  return /[+/]/.test(text) ? [text, text.replaceAll('+', '-').replaceAll('/', '_')] : [text]
}

function base64Core(bytes: Buffer, before: number): string {
  const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64')
  return encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6))
}

/** Where a line ends at its beginning, which it is found by, it looks different; further on that does not matter. */
function brokenForms(core: string, before: number): Spelling[] {
  const forms = [{ text: core, mayBreak: true }]
  const most = Math.min(FIRST_BLOCKS, core.length)
  for (let at = 4 - Math.ceil((before * 8) / 6); at < most; at += 4) {
    for (const end of ['\n', '\r\n'])
      forms.push({ text: core.slice(0, at) + end + core.slice(at), mayBreak: true })
  }
  return forms
}

/** The lines of a text that needs more than one; a last one that is too short goes with the one before it. */
function wrapped(text: string, columns: number): string[] {
  if (text.length <= columns) return []
  const lines = text.match(new RegExp(`.{1,${columns}}`, 'g')) ?? []
  const last = lines.at(-1) ?? ''
  return last.length < MIN_REDACTED_BYTES ? [...lines.slice(0, -1), `${lines.at(-2)}\n${last}`] : lines
}
