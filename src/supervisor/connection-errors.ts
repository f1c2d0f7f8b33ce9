import { ContainersError } from '../errors/containers-error.js'
import type { SupervisorHello } from './messages.js'
import { maxRequestBytes, protocolVersions } from './protocol.js'

/** A session that no stream can resume any more. `replaced`: its supervisor has ended, and another one answers. */
export function sessionGone(why: string, details: { replaced?: true } = {}): ContainersError {
  const message = `The connection to the supervisor was lost, and its commands with it: ${why}.`
  return new ContainersError('CONNECTION_LOST', message, { details: { ...details, gone: true } })
}

/** Of a supervisor with which we have no version in common. */
export function versionUnknown(
  { supervisorVersion }: SupervisorHello,
  lowest: number,
  highest: number,
): ContainersError {
  return new ContainersError(
    'SUPERVISOR_PROTOCOL',
    `The supervisor ${supervisorVersion} speaks protocol versions ${lowest} to ${highest}, this library ` +
      `${protocolVersions.lowest} to ${protocolVersions.highest}. Recreate the container, or use the library's version that made it.`,
    { details: { lowest, highest } },
  )
}

/** Of a SPAWN that does not fit into a frame. */
export function requestTooLarge(bytes: number): ContainersError {
  return new ContainersError(
    'INVALID_OPTION',
    `argv and env must fit into ${maxRequestBytes} bytes together, got ${bytes}. Pass large input through stdin or a file.`,
    { details: { option: 'argv', rule: 'size' } },
  )
}

/** Of a stream that ended, after `said` in front of its HELLO, or torn. */
export function streamEnded(said: string, torn: unknown): ContainersError {
  const how = said ? `: ${said}` : torn instanceof Error ? `: ${torn.message}` : ''
  return new ContainersError('CONNECTION_LOST', `The connection to the supervisor ended${how}.`, {
    cause: torn,
    details: { said },
  })
}
