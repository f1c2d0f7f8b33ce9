import type Docker from 'dockerode'
import type { ContainerEngine } from '../container-engine.js'
import { armWait } from './armed-wait.js'
import { defaultDeadlineMs, type Calls } from './calls.js'
import { fromInspect, fromListed } from './from-container.js'
import { HttpError } from './http-error.js'
import { removeContainer } from './remove-container.js'
import { pathPart } from './safe-name.js'
import type { Subject } from './subject.js'
import { toCreateBody } from './to-create-body.js'

type ContainerCalls = Pick<
  ContainerEngine,
  | 'createContainer'
  | 'startContainer'
  | 'stopContainer'
  | 'restartContainer'
  | 'pauseContainer'
  | 'unpauseContainer'
  | 'killContainer'
  | 'removeContainer'
  | 'inspectContainer'
  | 'listContainers'
  | 'waitContainer'
  | 'containerStats'
  | 'containerTop'
>

/** What a stop may take beyond its grace: the kill, and the engine's own tidying. */
const stopMarginMs = 15_000

/** The lifecycle of containers. */
export function containerCalls(calls: Calls): ContainerCalls {
  const of = (id: string): Docker.Container => calls.docker.getContainer(pathPart('container', id))
  return {
    createContainer: (request, options) => {
      const subject = { ...about(request.name, 'create'), image: request.image }
      const dial = {
        path: '/containers/create?',
        method: 'POST',
        options: { _query: { name: request.name }, _body: toCreateBody(request) },
      }
      // Not by dockerode's own method, which keeps the engine's warnings to itself.
      return calls.unary(subject, options, async (abortSignal) => {
        const made = (await calls.modem.send({ ...dial, abortSignal })) as {
          Id: string
          Warnings?: string[] | null
        }
        return { id: made.Id, warnings: made.Warnings ?? [] }
      })
    },
    startContainer: (id, options) =>
      calls.unary(about(id, 'start'), options, (abortSignal) => changed(of(id).start({ abortSignal }))),
    stopContainer: (id, graceMs, options) =>
      calls.unary(
        about(id, 'stop'),
        options,
        (abortSignal) => changed(of(id).stop({ t: seconds(graceMs), abortSignal })),
        graceMs + stopMarginMs,
      ),
    restartContainer: (id, graceMs, options) =>
      calls.unary(
        about(id, 'restart'),
        options,
        async (abortSignal) => void (await of(id).restart({ t: seconds(graceMs), abortSignal })),
        graceMs + stopMarginMs + defaultDeadlineMs,
      ),
    pauseContainer: (id, options) =>
      calls.unary(
        about(id, 'pause'),
        options,
        async (abortSignal) => void (await of(id).pause({ abortSignal })),
      ),
    unpauseContainer: (id, options) =>
      calls.unary(
        about(id, 'unpause'),
        options,
        async (abortSignal) => void (await of(id).unpause({ abortSignal })),
      ),
    killContainer: (id, signal, options) =>
      calls.unary(
        about(id, 'kill'),
        options,
        async (abortSignal) => void (await of(id).kill({ signal, abortSignal })),
      ),
    removeContainer: (id, { force, volumes }, options) =>
      calls.unary(about(id, 'remove'), options, (abortSignal) =>
        removeContainer(of(id), { force, v: volumes }, abortSignal),
      ),
    inspectContainer: (id, options) =>
      calls.unary(about(id, 'inspect'), options, async (abortSignal) =>
        fromInspect(await of(id).inspect({ abortSignal })),
      ),
    listContainers: ({ labels = [], all }, options) =>
      calls.unary({ thing: 'engine', action: 'list the containers of' }, options, async (abortSignal) => {
        const rows = await calls.docker.listContainers({ all, filters: { label: labels }, abortSignal })
        return rows.map(fromListed)
      }),
    waitContainer: (id, condition, options) => armWait(calls, about(id, 'wait for'), id, condition, options),
    containerStats: (id, options) =>
      calls.unary(about(id, 'measure'), options, async (abortSignal) => {
        const query = { stream: false, abortSignal }
        return { ...(await of(id).stats(query as { stream: false })) }
      }),
    containerTop: (id, psArguments, options) =>
      calls.unary(about(id, 'list the processes of'), options, async (abortSignal) => {
        const query = psArguments === undefined ? {} : { ps_args: psArguments }
        const top = (await of(id).top({ ...query, abortSignal })) as {
          Titles: string[]
          Processes: string[][] | null
        }
        return { titles: top.Titles, processes: top.Processes ?? [] }
      }),
  }
}

function about(id: string, action: string): Subject {
  return { thing: 'container', name: id, action }
}

/** True when the call changed something; false when things were so already (304). */
async function changed(call: Promise<unknown>): Promise<boolean> {
  try {
    await call
    return true
  } catch (error) {
    if (error instanceof HttpError && error.statusCode === 304) return false
    throw error
  }
}

/** The engine counts whole seconds; never less grace than asked for. */
function seconds(graceMs: number): number {
  return Math.ceil(graceMs / 1000)
}
