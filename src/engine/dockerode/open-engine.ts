import { ContainersError } from '../../errors/containers-error.js'
import type { ContainerEngine } from '../container-engine.js'
import { connectionError } from '../endpoint/connection-error.js'
import { archiveCalls } from './archive-calls.js'
import { Calls } from './calls.js'
import { Connector, type Target } from './connector.js'
import { containerCalls } from './container-calls.js'
import { eventCalls } from './event-calls.js'
import { execCalls } from './exec-calls.js'
import { fromVersion } from './from-system.js'
import { HttpError } from './http-error.js'
import { imageCalls } from './image-calls.js'
import { Modem } from './modem.js'
import { negotiateApiVersion } from './negotiate.js'
import { networkCalls } from './network-calls.js'
import { streamCalls } from './stream-calls.js'
import { systemCalls } from './system-calls.js'
import { volumeCalls } from './volume-calls.js'

/** Where and how to open an engine. */
export interface OpenRequest {
  target: Target
  address: string
  apiVersion: string | undefined
  /** Ends the attempt; its reason becomes the error. */
  abortSignal: AbortSignal
}

/** Opens one engine: sees that one answers, and agrees with it on an API version. */
export async function openEngine({
  target,
  address,
  apiVersion,
  abortSignal,
}: OpenRequest): Promise<ContainerEngine> {
  const connector = new Connector(target)
  try {
    // Loaded only here: it costs more than all the rest of the library.
    const [{ default: Docker }, version] = await Promise.all([
      import('dockerode'),
      askVersion(connector, address, abortSignal),
    ])
    const agreed = negotiateApiVersion(version, apiVersion, address)
    const modem = new Modem(connector, agreed)
    const given = { modem, protocol: 'http' as const }
    return assemble(new Calls(new Docker(given), modem, address), agreed)
  } catch (error) {
    connector.destroy()
    throw error
  }
}

function assemble(calls: Calls, apiVersion: string): ContainerEngine {
  return {
    address: calls.address,
    apiVersion,
    ...systemCalls(calls),
    ...containerCalls(calls),
    ...streamCalls(calls),
    ...execCalls(calls),
    ...archiveCalls(calls),
    ...imageCalls(calls),
    ...volumeCalls(calls),
    ...networkCalls(calls),
    ...eventCalls(calls),
    close: async () => calls.close(),
  }
}

async function askVersion(connector: Connector, address: string, abortSignal: AbortSignal) {
  const modem = new Modem(connector)
  try {
    await modem.send({ method: 'GET', path: '/_ping', abortSignal })
    const version = await modem.send({ method: 'GET', path: '/version', abortSignal })
    if (typeof version === 'object' && version !== null) return fromVersion(version)
  } catch (error) {
    if (abortSignal.aborted) throw abortSignal.reason
    if (!(error instanceof HttpError)) throw connectionError(error, address, 'Could not reach the engine')
    throw notAnEngine(address, `status ${error.statusCode}`, error)
  }
  throw notAnEngine(address, 'something else than a version')
}

function notAnEngine(address: string, answer: string, cause?: Error): ContainersError {
  const message = `What listens at ${address} is no container engine: it answered with ${answer}. Name another place.`
  return new ContainersError('ENGINE_PROTOCOL', message, { cause })
}
