import { invalidOption } from '../errors/invalid-option.js'
import { connectFirst } from './connect-first.js'
import type { ContainerEngine } from './container-engine.js'
import { checkApiVersion } from './dockerode/negotiate.js'
import type { ConnectOptions } from './endpoint/connect-options.js'
import { resolveEndpoints } from './endpoint/resolve-endpoints.js'

/**
 * Connects to the container engine that the options, the environment or docker's own settings name, or to the
 * first that answers at the usual places.
 *
 * @throws ContainersError `ENGINE_NOT_FOUND` when no place was named and none answered; for a named place
 * `ENGINE_UNREACHABLE`, `ENGINE_PERMISSION_DENIED`, `ENGINE_VERSION_UNSUPPORTED`, `ENGINE_PROTOCOL`,
 * `DEADLINE_EXCEEDED`, `TLS_INVALID`, `CONTEXT_NOT_FOUND`, `INVALID_OPTION`; `ABORTED`.
 */
export async function connectEngine(options: ConnectOptions = {}): Promise<ContainerEngine> {
  const { env = process.env, signal, timeoutMs } = options
  checkApiVersion(options.apiVersion)
  if (timeoutMs !== undefined && (typeof timeoutMs !== 'number' || !(timeoutMs > 0 && timeoutMs < 2 ** 31))) {
    throw invalidOption('`timeoutMs`', 'must be a number of milliseconds above 0 and below 2^31', timeoutMs)
  }
  const resolved = await resolveEndpoints(options, env)
  return connectFirst(resolved, { env, signal, timeoutMs, apiVersion: options.apiVersion })
}
