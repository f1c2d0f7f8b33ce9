import { ContainersError, isContainersError } from '../../errors/containers-error.js'
import { connectionError } from '../endpoint/connection-error.js'
import { ruleFor } from './error-rules.js'
import { HttpError } from './http-error.js'
import { SourceError } from './source-error.js'
import { describeSubject, type Subject } from './subject.js'

/** One of our errors for whatever a call ended with. `address` is the engine's. */
export function toEngineError(error: unknown, subject: Subject, address: string): ContainersError {
  if (isContainersError(error)) return error
  if (error instanceof HttpError) return answeredError(error, subject)
  const what = `${subject.action} ${describeSubject(subject)}`
  if (error instanceof SourceError) {
    if (isContainersError(error.cause)) return error.cause
    return new ContainersError('STREAM_INVALID', `The stream given to ${what} failed: ${error.message}.`, {
      cause: error.cause,
    })
  }
  return connectionError(error, address, `Could not ${what}`)
}

function answeredError(error: HttpError, subject: Subject): ContainersError {
  const { statusCode, engineMessage } = error
  const rule = ruleFor(subject, statusCode, engineMessage)
  const said = engineMessage.replace(/\.?$/, '.')
  const advice = rule?.advice === undefined ? '' : ` ${rule.advice}`
  return new ContainersError(
    rule?.code ?? 'ENGINE_ERROR',
    `The engine could not ${subject.action} ${describeSubject(subject)}: ${said}${advice}`,
    {
      cause: error,
      details: { statusCode, ...(subject.name !== undefined && { [subject.thing]: subject.name }) },
      ...(rule === undefined && (statusCode === 502 || statusCode === 503) && { retryable: true }),
    },
  )
}
