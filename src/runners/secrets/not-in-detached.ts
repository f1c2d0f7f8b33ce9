import { ContainersError } from '../../errors/containers-error.js'

/** The error for a secret of a detached command that is to be replaced. */
export function notInDetached(name: string): ContainersError {
  const message = `The secret "${name}" is that of a detached command: whoever attaches later could not mask both of its values.`
  return new ContainersError('NOT_SUPPORTED', message, { details: { secret: name } })
}
