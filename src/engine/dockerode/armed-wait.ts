import type { IncomingMessage } from 'node:http'
import { ContainersError } from '../../errors/containers-error.js'
import type { ArmedWait, CallOptions } from '../container-engine.js'
import type { Calls } from './calls.js'
import { readBody } from './read-body.js'
import { pathPart } from './safe-name.js'
import type { Subject } from './subject.js'

/**
 * A wait on a connection of its own. The engine sends the headers when it has begun to wait and the answer at the
 * end, so whatever ends the answer early must settle it.
 */
export async function armWait(
  calls: Calls,
  subject: Subject,
  id: string,
  condition: string,
  options: CallOptions | undefined,
): Promise<ArmedWait> {
  const dial = {
    path: `/containers/${pathPart('container', id)}/wait?`,
    method: 'POST',
    options: { _query: { condition } },
    isStream: true,
  }
  const response = await calls.stream(
    subject,
    options,
    async (abortSignal) => (await calls.modem.send({ ...dial, abortSignal })) as IncomingMessage,
  )
  let ended: Error | undefined
  const cancel = (): void => {
    ended ??= new ContainersError('ABORTED', `The wait for container ${JSON.stringify(id)} was cancelled.`)
    response.destroy(ended)
  }
  const result = readAnswer(response, id).catch((error: unknown) => {
    if (ended !== undefined) throw ended
    throw calls.error(options?.signal?.aborted ? abortedWait(id, options.signal) : error, subject)
  })
  // Whoever asked may have lost interest by the time it fails.
  result.catch(() => {})
  return { result, cancel }
}

async function readAnswer(
  response: IncomingMessage,
  id: string,
): Promise<{ statusCode: number; errorText?: string }> {
  let text: string
  try {
    text = (await readBody(response)).toString('utf8')
  } catch (cause) {
    throw lostWait(id, 'the connection to the engine was cut', cause)
  }
  // An engine that is shut down ends its answers properly, and empty.
  if (text.trim() === '') throw lostWait(id, 'the engine ended its answer without saying how')
  const answer = parseAnswer(text)
  if (answer === undefined) {
    throw new ContainersError(
      'ENGINE_PROTOCOL',
      `The engine's answer to a wait for container ${id} makes no sense.`,
    )
  }
  return answer
}

function parseAnswer(text: string): { statusCode: number; errorText?: string } | undefined {
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof answer !== 'object' || answer === null) return undefined
  const statusCode: unknown = Reflect.get(answer, 'StatusCode')
  if (typeof statusCode !== 'number') return undefined
  const error: unknown = Reflect.get(answer, 'Error')
  const message: unknown =
    typeof error === 'object' && error !== null ? Reflect.get(error, 'Message') : undefined
  return { statusCode, ...(typeof message === 'string' && message !== '' && { errorText: message }) }
}

function abortedWait(id: string, signal: AbortSignal): ContainersError {
  return new ContainersError(
    'ABORTED',
    `The wait for container ${JSON.stringify(id)} was aborted by its signal.`,
    {
      cause: signal.reason,
    },
  )
}

function lostWait(id: string, why: string, cause?: unknown): ContainersError {
  return new ContainersError(
    'CONNECTION_LOST',
    `The wait for container ${JSON.stringify(id)} was lost: ${why}.`,
    {
      cause,
    },
  )
}
