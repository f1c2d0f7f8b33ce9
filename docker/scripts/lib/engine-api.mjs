import { readFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'

/** What node:http needs to reach an endpoint such as unix:///run/docker.sock or tcp://host:2375. */
function connectionOptions(endpoint, env = process.env) {
  const url = new URL(endpoint)
  if (url.protocol === 'unix:') return { socketPath: decodeURIComponent(url.pathname) }
  if (url.protocol === 'npipe:') return { socketPath: url.pathname.replaceAll('/', '\\') }
  if (!['tcp:', 'http:', 'https:'].includes(url.protocol)) {
    throw new Error(`An engine at "${endpoint}" cannot be reached from here: use unix:// or tcp://.`)
  }
  const tls = url.protocol === 'https:' || Boolean(env.DOCKER_TLS_VERIFY)
  const address = { host: url.hostname, port: url.port || (tls ? 2376 : 2375) }
  if (!tls) return address
  const pem = (name) => readFileSync(join(env.DOCKER_CERT_PATH ?? join(env.HOME ?? '', '.docker'), name))
  return { ...address, tls, ca: pem('ca.pem'), cert: pem('cert.pem'), key: pem('key.pem') }
}

/** One request to the engine; resolves with the response's stream. `timeoutMs` is for the response to begin. */
export function openRequest(endpoint, method, path, { body, headers, timeoutMs } = {}) {
  const { tls, ...options } = connectionOptions(endpoint)
  const request = (tls ? https : http).request({ ...options, method, path, headers, agent: false })
  const late = () => request.destroy(new Error(`no answer within ${timeoutMs} ms`))
  const timer = timeoutMs && setTimeout(late, timeoutMs)
  if (body instanceof Readable) pipeline(body, request).catch((error) => request.destroy(error))
  else request.end(body)
  return new Promise((resolve, reject) => {
    request.once('response', resolve).on('error', reject)
  }).finally(() => clearTimeout(timer))
}

/** One request with a JSON (or no) body: `{ status, body }`, the body parsed where it is JSON. */
export async function engineRequest(endpoint, method, path, json, options = {}) {
  const headers = json === undefined ? {} : { 'content-type': 'application/json' }
  const body = json === undefined ? undefined : JSON.stringify(json)
  const response = await openRequest(endpoint, method, path, { body, headers, ...options })
  const chunks = []
  for await (const chunk of response) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString()
  const isJson = response.headers['content-type']?.startsWith('application/json') && text.trim() !== ''
  return { status: response.statusCode, body: isJson ? JSON.parse(text) : text }
}

/** Whether an engine answers there: undefined, or why not. */
export async function whyNoAnswer(endpoint, timeoutMs = 3000) {
  try {
    const { status, body } = await engineRequest(endpoint, 'GET', '/_ping', undefined, { timeoutMs })
    return status === 200 ? undefined : `answered ${status} ${JSON.stringify(body)}`
  } catch (error) {
    return error.code ?? error.message
  }
}

/** A call whose answer is a stream of JSON lines (pull, build, import, load); an error among them is thrown. */
export async function streamRequest(endpoint, path, { onMessage, ...options } = {}) {
  const response = await openRequest(endpoint, 'POST', path, options)
  const take = (line) => {
    if (line.trim() === '') return
    const message = JSON.parse(line)
    const failure = message.error ?? (response.statusCode >= 400 ? message.message : undefined)
    if (failure) throw new Error(failure)
    onMessage?.(message)
  }
  let rest = ''
  for await (const text of response.setEncoding('utf8')) {
    const lines = (rest + text).split('\n')
    rest = lines.pop()
    lines.forEach(take)
  }
  take(rest)
}
