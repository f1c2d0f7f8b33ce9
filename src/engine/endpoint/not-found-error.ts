import { ContainersError } from '../../errors/containers-error.js'
import { describeAddress, type Endpoint } from './endpoint.js'

/** One error for all the places where no engine answered. */
export function notFoundError(
  tried: readonly { endpoint: Endpoint; error: ContainersError }[],
): ContainersError {
  const rows = tried.map(({ endpoint, error }) => ({
    address: describeAddress(endpoint.address),
    origin: endpoint.origin,
    code: error.code,
    why: typeof error.details['why'] === 'string' ? error.details['why'] : error.message,
  }))
  const denied = rows.find(({ code }) => code === 'ENGINE_PERMISSION_DENIED')
  const advice =
    denied === undefined
      ? 'Start Docker or Podman, or say where the engine is: `socketPath`, `host`, or DOCKER_HOST=unix:///path/to/docker.sock.'
      : `An engine may be at ${denied.address}: sudo usermod -aG docker "$USER", then log in again.`
  const places = rows.map(({ address, origin, why }) => `  ${address} (${origin}): ${why}`)
  return new ContainersError(
    'ENGINE_NOT_FOUND',
    ['No container engine was found. Tried:', ...places, advice].join('\n'),
    { details: { tried: rows }, cause: tried[0]?.error },
  )
}
