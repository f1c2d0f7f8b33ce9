import type { ContainerEngine } from '../container-engine.js'
import type { Calls } from './calls.js'
import { fromInfo, fromVersion } from './from-system.js'

type SystemCalls = Pick<ContainerEngine, 'ping' | 'version' | 'info'>

/** What the engine says of itself. */
export function systemCalls(calls: Calls): SystemCalls {
  const send = (path: string) => (abortSignal: AbortSignal) =>
    calls.modem.send({ method: 'GET', path, abortSignal })
  return {
    ping: async (options) =>
      void (await calls.unary({ thing: 'engine', action: 'reach' }, options, send('/_ping'))),
    version: async (options) =>
      fromVersion(
        await calls.unary({ thing: 'engine', action: 'ask the version of' }, options, send('/version')),
      ),
    info: async (options) =>
      fromInfo(
        await calls.unary({ thing: 'engine', action: 'ask for the state of' }, options, send('/info')),
      ),
  }
}
