import { stringify } from 'node:querystring'
import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import type { Duplex } from 'node:stream'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Connector } from './connector.js'
import { readHttpError, readValue } from './read-body.js'
import { SourceError } from './source-error.js'

const continueMs = 2000

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

type Answer = { upgraded: Duplex } | { response: IncomingMessage }

/**
 * The transport under dockerode, in place of its own: that one reads DOCKER_HOST and DOCKER_CERT_PATH whatever it is
 * given, shares one agent, prints credentials under DEBUG, and loses answers whose connection breaks.
 */
export class Modem {
  Promise: PromiseConstructor = Promise

  /** `version` is such as `1.41`; without it, calls go unversioned. */
  constructor(
    readonly connector: Connector,
    readonly version?: string,
  ) {}

  /** dockerode's way in. */
  dial(dial: DialOptions, callback: (error: unknown, value?: unknown) => void): void {
    this.send(dial).then(
      (value) => callback(null, value),
      (error: unknown) => callback(error),
    )
  }

  /** Sends one call. A GET or HEAD is sent again if the kept socket it went out on turns out to be dead. */
  async send(dial: DialOptions): Promise<unknown> {
    const { method, abortSignal } = dial
    abortSignal?.throwIfAborted()
    const path = `${this.version === undefined ? '' : `/v${this.version}`}${pathWithQuery(dial)}`
    const first = this.#open(dial, path)
    const answer = await this.#answerTo(first, dial).catch((error: unknown) => {
      const isStale = first.reusedSocket && isConnectionReset(error) && !abortSignal?.aborted
      if (!isStale || (method !== 'GET' && method !== 'HEAD')) throw error
      return this.#answerTo(this.#open(dial, path), dial)
    })
    if ('upgraded' in answer) return answer.upgraded
    const { response } = answer
    const status = response.statusCode ?? 0
    if (status < 200 || status > 299) throw await readHttpError(response, method, path)
    return dial.isStream ? response : readValue(response, `${method} ${dial.path.split('?', 1)[0]}`)
  }

  #open(dial: DialOptions, path: string): ClientRequest {
    const lane = dial.isStream || dial.hijack ? 'lasting' : 'unary'
    return this.connector.request(lane, { method: dial.method, path, headers: headersOf(dial) })
  }

  #answerTo(request: ClientRequest, dial: DialOptions): Promise<Answer> {
    return new Promise<Answer>((resolve, reject) => {
      const abort = (): void => {
        // Rejecting first: what destroying leads to must not be taken for the reason.
        reject(dial.abortSignal?.reason as Error)
        request.destroy(dial.abortSignal?.reason as Error)
      }
      dial.abortSignal?.addEventListener('abort', abort, { once: true })
      request.once('close', () => dial.abortSignal?.removeEventListener('abort', abort))
      request.on('error', reject)
      request.once('response', (response) => {
        // Who reads it hears of its errors; until then they must not bring the process down.
        response.on('error', () => {})
        resolve({ response })
      })
      request.once('upgrade', (_response, socket: Duplex, head: Buffer) => {
        socket.on('error', () => {})
        this.connector.adopt(socket)
        if (head.length > 0) socket.unshift(head)
        resolve({ upgraded: socket })
      })
      sendBody(request, dial, reject)
    })
  }
}

function sendBody(request: ClientRequest, dial: DialOptions, reject: (error: unknown) => void): void {
  const { file } = dial
  if (!(file instanceof Readable)) {
    request.end(file ?? jsonBody(dial))
    return
  }
  const send = (): void => {
    clearTimeout(impatience)
    pipeline(file, request).catch((error: unknown) =>
      reject(file.errored ? new SourceError(file.errored) : error),
    )
  }
  // Something between us and the engine may not know of 100-continue.
  const impatience = setTimeout(() => request.emit('continue'), continueMs)
  request.once('continue', send)
  request.once('close', () => clearTimeout(impatience))
  request.once('response', () => {
    clearTimeout(impatience)
    request.off('continue', send)
    if (!request.writableEnded) file.destroy()
  })
  request.flushHeaders()
}

/** With its padding, which engines before 23 insist on. */
function registryAuth(auth: object): string {
  return Buffer.from(JSON.stringify(auth)).toString('base64').replaceAll('+', '-').replaceAll('/', '_')
}

function headersOf(dial: DialOptions): OutgoingHttpHeaders {
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
function jsonBody(dial: DialOptions): string | undefined {
  if (dial.method !== 'POST' || dial.file !== undefined) return undefined
  const body = dial.options?.['_body'] ?? (dial.path.includes('?') ? undefined : bag(dial))
  return body === undefined ? undefined : JSON.stringify(body)
}

function pathWithQuery(dial: DialOptions): string {
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

function isConnectionReset(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
}
