import type { ContainerInspection } from '../engine/engine-types.js'
import { ContainersError } from '../errors/containers-error.js'

/** Where a published port is reached from this machine. */
export interface PublishedAddress {
  readonly host: string
  readonly port: number
}

/**
 * The address of a container's published port, as seen from the machine of this process.
 *
 * @throws `CONTAINER_STATE` when it does not run, `PORT_NOT_PUBLISHED`, and `NOT_SUPPORTED` when it is published on the
 * loopback of an engine elsewhere.
 */
export function publishedAddress(
  { name, state, ports }: ContainerInspection,
  port: number,
  protocol: 'tcp' | 'udp',
  engineAddress: string,
): PublishedAddress {
  const details = { container: name, port, protocol }
  if (!state.running) {
    const message = `Container ${name} is ${state.status}; its ports are published while it runs.`
    throw new ContainersError('CONTAINER_STATE', message, { details: { ...details, status: state.status } })
  }
  const bindings = ports.filter((one) => one.containerPort === port && one.protocol === protocol)
  // IPv4 first: some engines announce IPv6 bindings that nothing answers at.
  const binding = bindings.find(({ hostIp }) => !hostIp.includes(':')) ?? bindings[0]
  if (!binding) {
    const published = ports.map((one) => `${one.containerPort}/${one.protocol}`).join(', ') || 'none'
    const message = `Container ${name} does not publish ${port}/${protocol} (published: ${published}). Name it in \`ports\` when it is created.`
    throw new ContainersError('PORT_NOT_PUBLISHED', message, { details })
  }
  const remote = remoteHost(engineAddress)
  if (isWildcard(binding.hostIp)) {
    const loopback = binding.hostIp.includes(':') ? '::1' : '127.0.0.1'
    return { host: remote ?? loopback, port: binding.hostPort }
  }
  if (remote !== undefined && isLoopback(binding.hostIp)) {
    const message = `Port ${port} of container ${name} is published on ${binding.hostIp} of the engine's machine ${remote}, which cannot be reached from here. Publish it with another \`hostIp\`, or forward it.`
    throw new ContainersError('NOT_SUPPORTED', message, { details })
  }
  return { host: binding.hostIp, port: binding.hostPort }
}

/** The machine of an engine that is elsewhere. */
function remoteHost(engineAddress: string): string | undefined {
  const { protocol, hostname } = new URL(engineAddress)
  if (protocol !== 'tcp:' && protocol !== 'ssh:') return undefined
  const host = hostname.replace(/^\[|\]$/g, '')
  return isLoopback(host) && protocol === 'tcp:' ? undefined : host
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.')
}

function isWildcard(host: string): boolean {
  return host === '' || host === '0.0.0.0' || host === '::'
}
