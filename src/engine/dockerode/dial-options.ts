import type { OutgoingHttpHeaders } from 'node:http'
import { stringify } from 'node:querystring'
import { Readable } from 'node:stream'

/** What dockerode hands to its modem for a call. */
export interface DialOptions {
  path: string
  method: string
  options?: Record<string, unknown> | undefined
  /** The bare answer is wanted, as soon as its headers are there. */
  isStream?: boolean
  hijack?: boolean
  file?: Readable | Uint8Array | undefined
  abortSignal?: AbortSignal | undefined
  authconfig?: object | undefined
}

/** With its padding, which engines before 23 insist on. */
function registryAuth(auth: object): string {
  return Buffer.from(JSON.stringify(auth)).toString('base64').replaceAll('+', '-').replaceAll('/', '_')
}

/** The headers of a call. */
export function headersOf(dial: DialOptions): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {}
  const json = jsonBody(dial)
  if (dial.file !== undefined) headers['Content-Type'] = 'application/x-tar'
  else if (json !== undefined) headers['Content-Type'] = 'application/json'
  if (dial.file instanceof Uint8Array) headers['Content-Length'] = dial.file.length
  else if (dial.file !== undefined) headers['Transfer-Encoding'] = 'chunked'
  else if (dial.method !== 'GET' && dial.method !== 'HEAD')
    headers['Content-Length'] = Buffer.byteLength(json ?? '')
  // Lets the engine refuse a call by its path alone, before the body is on its way.
  if (dial.file instanceof Readable) headers['Expect'] = '100-continue'
  if (dial.authconfig) headers['X-Registry-Auth'] = registryAuth(dial.authconfig)
  if (dial.hijack) Object.assign(headers, { Connection: 'Upgrade', Upgrade: 'tcp' })
  return headers
}

/** dockerode puts query and body into one bag unless they are told apart by `_query` and `_body`. */
export function jsonBody(dial: DialOptions): string | undefined {
  if (dial.method !== 'POST' || dial.file !== undefined) return undefined
  const body = dial.options?.['_body'] ?? (dial.path.includes('?') ? undefined : bag(dial))
  return body === undefined ? undefined : JSON.stringify(body)
}

/** The path of a call with its query. */
export function pathOf(dial: DialOptions): string {
  const [path = '', given] = dial.path.split('?', 2)
  if (given === undefined) return path
  const query = stringify(queryValues((dial.options?.['_query'] as Record<string, unknown>) ?? bag(dial)))
  const whole = [given, query].filter((part) => part !== '').join('&')
  return whole === '' ? path : `${path}?${whole}`
}

function bag({ options = {} }: DialOptions): Record<string, unknown> {
  const { abortSignal: _signal, authconfig: _auth, _query, _body, hijack: _hijack, ...rest } = options
  return rest
}

function queryValues(values: Record<string, unknown>): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(values)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, queryValue(value)]),
  )
}

function queryValue(value: unknown): string | string[] {
  if (Array.isArray(value)) return value.map(String)
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
