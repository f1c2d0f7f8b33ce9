import { ContainersError, isContainersError } from '../errors/containers-error.js'
import { onAbort } from '../internal/on-abort.js'
import type { ContainerEngine } from './container-engine.js'
import type { Target } from './dockerode/connector.js'
import { openEngine } from './dockerode/open-engine.js'
import type { Environment } from './endpoint/connect-options.js'
import { describeAddress, type Endpoint } from './endpoint/endpoint.js'
import { notFoundError } from './endpoint/not-found-error.js'
import type { ResolvedEndpoints } from './endpoint/resolve-endpoints.js'
import { SshTunnel } from './endpoint/ssh-tunnel.js'

/** How each place is tried. */
export interface Attempt {
  env: Environment
  signal: AbortSignal | undefined
  /** Default: 5000, and 20000 over ssh, which has more to say before. */
  timeoutMs: number | undefined
  apiVersion: string | undefined
}

/** Connects to the first place that has an engine for us. A named place is the only one: its error is the error. */
export async function connectFirst(
  { named, endpoints }: ResolvedEndpoints,
  attempt: Attempt,
): Promise<ContainerEngine> {
  const tried: { endpoint: Endpoint; error: ContainersError }[] = []
  for (const endpoint of endpoints) {
    try {
      return await connectTo(endpoint, attempt)
    } catch (error) {
      if (named || !isContainersError(error) || error.code === 'ABORTED') throw error
      tried.push({ endpoint, error })
    }
  }
  throw notFoundError(tried)
}

async function connectTo(
  endpoint: Endpoint,
  { env, signal, timeoutMs, apiVersion }: Attempt,
): Promise<ContainerEngine> {
  const address = describeAddress(endpoint.address)
  const limitMs = timeoutMs ?? (endpoint.address.kind === 'ssh' ? 20_000 : 5000)
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(timedOut(address, limitMs)), limitMs)
  const forget = onAbort(signal, () => controller.abort(aborted(address, signal)))
  const { target, close, explain } = openTarget(endpoint, env)
  try {
    controller.signal.throwIfAborted()
    const engine = await openEngine({ target, address, apiVersion, abortSignal: controller.signal })
    return { ...engine, close: () => engine.close().finally(close) }
  } catch (error) {
    await close()
    throw controller.signal.aborted ? controller.signal.reason : explain(error)
  } finally {
    clearTimeout(timer)
    forget()
  }
}

interface OpenTarget {
  target: Target
  close: () => Promise<void>
  /** A better error, where the way there knows more than its end. */
  explain: (error: unknown) => unknown
}

function openTarget({ address }: Endpoint, env: Environment): OpenTarget {
  if (address.kind === 'ssh') {
    const tunnel = new SshTunnel(address, env)
    return {
      target: { kind: 'unix', socketPath: () => tunnel.socketPath() },
      close: () => tunnel.close(),
      explain: (error) => tunnel.explain(error),
    }
  }
  const target =
    address.kind === 'unix' ? { kind: address.kind, socketPath: () => address.socketPath } : address
  return { target, close: async () => {}, explain: (error) => error }
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
