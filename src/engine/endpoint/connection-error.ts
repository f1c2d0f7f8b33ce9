import { ContainersError, isContainersError } from '../../errors/containers-error.js'
import type { ErrorCode } from '../../errors/error-code.js'
import { errnoOf } from './errno.js'

const reasons: Readonly<Record<string, { code?: ErrorCode; why: string; advice?: string }>> = {
  ENOENT: { why: 'there is no such socket', advice: 'Start the engine, or name another place.' },
  ENOTDIR: { why: 'there is no such socket', advice: 'Start the engine, or name another place.' },
  ENOTSOCK: { why: 'it is not a socket' },
  EACCES: {
    code: 'ENGINE_PERMISSION_DENIED',
    why: 'permission denied',
    advice: 'Be in the group of the socket: `sudo usermod -aG docker "$USER"`, then log in again.',
  },
  EPERM: { code: 'ENGINE_PERMISSION_DENIED', why: 'permission denied' },
  ECONNREFUSED: { why: 'connection refused', advice: 'Start the engine: nobody listens there.' },
  ECONNRESET: { why: 'the connection was cut' },
  EPIPE: { why: 'the connection was cut' },
  ETIMEDOUT: { why: 'timed out' },
  EHOSTUNREACH: { why: 'the machine cannot be reached' },
  ENETUNREACH: { why: 'the network cannot be reached' },
  ENOTFOUND: { why: 'the name of the machine is not known' },
  EAI_AGAIN: { why: 'the name of the machine could not be looked up' },
}

/** The error for a connection to an engine that could not be made, or broke. `what` begins the message. */
export function connectionError(cause: unknown, address: string, what: string): ContainersError {
  if (isContainersError(cause)) return cause
  const errno = errnoOf(cause)
  const text = cause instanceof Error ? cause.message : String(cause)
  if (isTlsProblem(errno, text)) {
    return new ContainersError(
      'TLS_INVALID',
      `${what} at ${address}: TLS failed, ${text}. See that both sides speak TLS and know each other's authority.`,
      { cause, details: { address, ...(errno !== undefined && { errno }) } },
    )
  }
  const { code = 'ENGINE_UNREACHABLE', why = text, advice } = (errno && reasons[errno]) || {}
  const message = `${what} at ${address}: ${why}${errno === undefined ? '' : ` (${errno})`}.${advice ? ` ${advice}` : ''}`
  return new ContainersError(code, message, {
    cause,
    details: { address, why, ...(errno !== undefined && { errno }) },
  })
}

function isTlsProblem(errno: string | undefined, text: string): boolean {
  const name = errno ?? ''
  return (
    /^(ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|EPROTO)/.test(name) ||
    /\bSSL routines\b|certificate|before secure TLS connection|HTTPS server/i.test(text)
  )
}
