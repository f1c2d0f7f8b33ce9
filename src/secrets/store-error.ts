import { ContainersError } from '../errors/containers-error.js'

/** `where` completes the sentence: "is not in <where>". */
export function secretNotFound(name: string, where: string): ContainersError {
  return new ContainersError('SECRET_NOT_FOUND', `The secret "${name}" is not in ${where}.`, {
    details: { secret: name },
  })
}

export function storeFailed(
  message: string,
  details: Readonly<Record<string, unknown>>,
  { cause, retryable }: { cause?: unknown; retryable?: boolean } = {},
): ContainersError {
  const options = { details, cause, ...(retryable !== undefined && { retryable }) }
  return new ContainersError('SECRET_STORE_FAILED', message, options)
}
