import type { IncomingMessage } from 'node:http'
import { ContainersError } from '../../errors/containers-error.js'
import { HttpError } from './http-error.js'

const errorTextLimit = 8 * 1024

/** The whole body; an answer cut short is an error, never a short body. */
export async function readBody(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  if (!response.complete) throw new Error('the connection ended in the middle of the answer')
  return Buffer.concat(chunks)
}

/** The body as what it says it is: parsed JSON, text, or nothing. */
export async function readValue(response: IncomingMessage, what: string): Promise<unknown> {
  const text = (await readBody(response)).toString('utf8')
  if (!response.headers['content-type']?.includes('json') || text.trim() === '') return text
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    throw new ContainersError('ENGINE_PROTOCOL', `${what} was answered with what is not JSON.`, { cause })
  }
}

/** The error that an answer other than a success stands for. */
export async function readHttpError(
  response: IncomingMessage,
  method: string,
  path: string,
): Promise<HttpError> {
  const text = (await readBody(response)).toString('utf8').slice(0, errorTextLimit).trim()
  const bare = path.split('?', 1)[0] ?? path
  return new HttpError(
    response.statusCode ?? 0,
    engineText(text) || response.statusMessage || '',
    method,
    bare,
  )
}

/** Docker says `{ message }`, Podman `{ cause, message }`, proxies whatever they like. */
function engineText(text: string): string {
  try {
    const parsed: unknown = JSON.parse(text)
    const message: unknown = typeof parsed === 'object' && parsed !== null && Reflect.get(parsed, 'message')
    return typeof message === 'string' ? message.trim() : text
  } catch {
    return text
  }
}
