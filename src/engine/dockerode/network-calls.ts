import type { ContainerEngine } from '../container-engine.js'
import type { Calls } from './calls.js'
import { pathPart } from './safe-name.js'
import type { Subject } from './subject.js'

type NetworkCalls = Pick<ContainerEngine, 'createNetwork' | 'inspectNetwork' | 'removeNetwork'>

/** Networks. */
export function networkCalls(calls: Calls): NetworkCalls {
  const about = (name: string, action: string): Subject => ({ thing: 'network', name, action })
  const of = (id: string) => calls.docker.getNetwork(pathPart('network', id))
  return {
    createNetwork: ({ name, internal, labels }, options) =>
      calls.unary(about(name, 'create'), options, async (abortSignal) => {
        // Two networks may have one name unless the engine is told to mind.
        const body = { Name: name, Internal: internal, Labels: labels, CheckDuplicate: true }
        const dial = { path: '/networks/create', method: 'POST', options: { _body: body }, abortSignal }
        return ((await calls.modem.send(dial)) as { Id: string }).Id
      }),
    inspectNetwork: (id, options) =>
      calls.unary(about(id, 'inspect'), options, async (abortSignal) => {
        const info = (await calls.modem.send({
          method: 'GET',
          path: `/networks/${pathPart('network', id)}`,
          abortSignal,
        })) as {
          Id: string
          Name: string
          Internal: boolean
          Labels?: Record<string, string> | null
          Containers?: Record<string, unknown> | null
        }
        const { Id, Name, Internal, Labels, Containers } = info
        return {
          id: Id,
          name: Name,
          internal: Internal,
          labels: Labels ?? {},
          containers: Object.keys(Containers ?? {}),
        }
      }),
    removeNetwork: (id, options) =>
      calls.unary(
        about(id, 'remove'),
        options,
        async (abortSignal) => void (await of(id).remove({ abortSignal })),
      ),
  }
}
