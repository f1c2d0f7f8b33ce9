import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Connector } from './connector.js'
import { headersOf, jsonBody, pathOf, type DialOptions } from './dial-options.js'
import { readHttpError, readValue } from './read-body.js'
import { SourceError } from './source-error.js'

const continueMs = 2000

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
    const path = `${this.version === undefined ? '' : `/v${this.version}`}${pathOf(dial)}`
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
  if (file.destroyed) {
    reject(new SourceError(file.errored ?? new Error('it was destroyed before')))
    request.destroy()
    return
  }
  const send = (): void => {
    clearTimeout(impatience)
    pipeline(file, request).catch(reject)
  }
  // Something between us and the engine may not know of 100-continue.
  const impatience = setTimeout(() => request.emit('continue'), continueMs)
  request.once('continue', send)
  // It may fail long before anybody reads it.
  file.once('error', (error) => {
    reject(new SourceError(error))
    request.destroy()
  })
  const stop = (): void => {
    clearTimeout(impatience)
    request.off('continue', send)
    if (!file.readableEnded) file.destroy()
  }
  request.once('close', stop)
  request.once('response', () => {
    if (!request.writableEnded) stop()
  })
  request.flushHeaders()
}

function isConnectionReset(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
}
