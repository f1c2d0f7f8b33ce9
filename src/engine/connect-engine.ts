import { ContainersError, isContainersError } from '../errors/containers-error.js'
import { invalidOption } from '../errors/invalid-option.js'
import type { ContainerEngine } from './container-engine.js'
import { checkApiVersion } from './dockerode/negotiate.js'
import { openEngine } from './dockerode/open-engine.js'
import type { Target } from './dockerode/connector.js'
import type { ConnectOptions, Environment } from './endpoint/connect-options.js'
import { describeAddress, type Endpoint } from './endpoint/endpoint.js'
import { resolveEndpoints } from './endpoint/resolve-endpoints.js'
import { SshTunnel } from './endpoint/ssh-tunnel.js'
import { notFoundError } from './endpoint/not-found-error.js'

const defaultTimeoutMs = 5000

/**
 * Connects to the container engine that the options, the environment or docker's own settings name, or to the
 * first that answers at the usual places.
 *
 * @throws ContainersError `ENGINE_NOT_FOUND` when no place was named and none answered; for a named place
 * `ENGINE_UNREACHABLE`, `ENGINE_PERMISSION_DENIED`, `ENGINE_VERSION_UNSUPPORTED`, `ENGINE_PROTOCOL`,
 * `DEADLINE_EXCEEDED`, `TLS_INVALID`, `CONTEXT_NOT_FOUND`, `INVALID_OPTION`; `ABORTED`.
 */
export async function connectEngine(options: ConnectOptions = {}): Promise<ContainerEngine> {
  const { env = process.env, signal, timeoutMs = defaultTimeoutMs } = options
  checkApiVersion(options.apiVersion)
  if (typeof timeoutMs !== 'number' || !(timeoutMs > 0)) {
    throw invalidOption('`timeoutMs`', 'must be a number of milliseconds above 0', timeoutMs)
  }
  const { named, endpoints } = await resolveEndpoints(options, env)
  const tried: { endpoint: Endpoint; error: ContainersError }[] = []
  for (const endpoint of endpoints) {
    try {
      return await connectTo(endpoint, { env, signal, timeoutMs, apiVersion: options.apiVersion })
    } catch (error) {
      if (named || !isContainersError(error) || error.code === 'ABORTED') throw error
      tried.push({ endpoint, error })
    }
  }
  throw notFoundError(tried)
}

interface Attempt {
  env: Environment
  signal: AbortSignal | undefined
  timeoutMs: number
  apiVersion: string | undefined
}

async function connectTo(
  endpoint: Endpoint,
  { env, signal, timeoutMs, apiVersion }: Attempt,
): Promise<ContainerEngine> {
  const address = describeAddress(endpoint.address)
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(timedOut(address, timeoutMs)), timeoutMs)
  const abort = (): void => controller.abort(aborted(address, signal))
  if (signal?.aborted) abort()
  signal?.addEventListener('abort', abort, { once: true })
  const { target, close } = openTarget(endpoint, env)
  try {
    controller.signal.throwIfAborted()
    const engine = await openEngine({ target, address, apiVersion, abortSignal: controller.signal })
    return { ...engine, close: () => engine.close().finally(close) }
  } catch (error) {
    await close()
    throw controller.signal.aborted ? controller.signal.reason : error
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
  }
}

function openTarget({ address }: Endpoint, env: Environment): { target: Target; close: () => Promise<void> } {
  if (address.kind === 'ssh') {
    const tunnel = new SshTunnel(address, env)
    return { target: { kind: 'unix', socketPath: () => tunnel.socketPath() }, close: () => tunnel.close() }
  }
  const target =
    address.kind === 'unix' ? { kind: address.kind, socketPath: () => address.socketPath } : address
  return { target, close: async () => {} }
}

function timedOut(address: string, timeoutMs: number): ContainersError {
  return new ContainersError(
    'ENGINE_UNREACHABLE',
    `Could not reach the engine at ${address}: timed out after ${timeoutMs} ms. See that it runs and answers.`,
    { details: { address, why: 'timed out', timeoutMs } },
  )
}

function aborted(address: string, signal: AbortSignal | undefined): ContainersError {
  return new ContainersError('ABORTED', `Connecting to the engine at ${address} was aborted by its signal.`, {
    cause: signal?.reason,
  })
}
