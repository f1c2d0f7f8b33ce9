import { ContainersError } from '../errors/containers-error.js'

/** The peer does not speak the protocol: `what` says how, as the end of a sentence. */
export function protocolError(what: string, details: Record<string, unknown> = {}): ContainersError {
  return new ContainersError('SUPERVISOR_PROTOCOL', `The supervisor broke its protocol: ${what}.`, {
    details,
  })
}
