import type { ContainerEngine } from '../engine/container-engine.js'
import { ContainersError, isContainersError } from '../errors/containers-error.js'
import { invalidOption } from '../errors/invalid-option.js'
import { ensureSupervisorVolume } from '../delivery/supervisor-volume.js'
import type { CreateRequest, ImageInspection } from '../engine/engine-types.js'
import type { Images } from '../images/images.js'
import { abortedError, throwIfAborted } from '../internal/abort.js'
import { labels } from '../model/labels.js'
import type { SignalName } from '../model/signal.js'
import { uniqueName } from '../model/unique-name.js'
import { checkCreateOptions } from './check-create-options.js'
import { Container } from './container.js'
import type { CreateOptions } from './create-options.js'
import type { HarnessContext } from './harness-context.js'
import { toCreateRequest, type SupervisorDelivery } from './to-create-request.js'

export async function createContainer(
  context: HarnessContext,
  images: Images,
  options: CreateOptions,
  creation: string,
): Promise<Container> {
  checkCreateOptions(options)
  const { events, stops } = context
  const { signal, image, name = uniqueName(), pullPolicy: policy = 'missing' } = options
  throwIfAborted(`Creating container ${name}`, signal)
  await checkPublishing(context.engine, options)
  const found = await images.ensure(image, { policy, ...(signal && { signal }) })
  const supervisor =
    options.init === 'supervisor' ? await deliverSupervisor(context, options, found) : undefined
  const request = toCreateRequest({ ...options, name }, creation, supervisor)
  // What was asked of an earlier container of that name says nothing about this one.
  stops.forget(name)
  const id = await create(context, request, creation)
  const { stopSignal = 'SIGTERM', init = 'engine' } = options
  const container = new Container(context, id, { stopSignal: stopSignal as SignalName, init })
  if (signal?.aborted) {
    await container[Symbol.asyncDispose]()
    throw abortedError(`Creating container ${name}`, signal)
  }
  events.emit('containerCreated', { containerId: id, name, image })
  return container
}

/** An engine that is asked to publish a port of a network without a way out says yes, and publishes nothing. */
async function checkPublishing(
  engine: ContainerEngine,
  { network, ports, signal }: CreateOptions,
): Promise<void> {
  if (network === undefined || network === 'default' || !ports?.length) return
  const { internal } = await engine.inspectNetwork(network, { ...(signal && { signal }) })
  if (!internal) return
  const rule = `cannot be published from the network ${network}, which is internal`
  throw invalidOption('create.ports', rule, JSON.stringify(ports))
}

/** Not aborted half-way: the engine would go on, and what it makes must be known to be removed. */
async function create(context: HarnessContext, request: CreateRequest, creation: string): Promise<string> {
  try {
    return (await context.engine.createContainer(request)).id
  } catch (error) {
    await removeUnanswered(context, creation, error)
    throw error
  }
}

async function deliverSupervisor(
  { engine }: HarnessContext,
  { image, signal }: CreateOptions,
  { architecture, os, user }: ImageInspection,
): Promise<SupervisorDelivery> {
  if (os !== 'linux') {
    const message = `There is no supervisor for ${os}/${architecture}, which image ${image} is made for. Use init: 'engine'.`
    throw new ContainersError('SUPERVISOR_UNAVAILABLE', message, { details: { image, os, architecture } })
  }
  const delivery = await ensureSupervisorVolume(engine, { image, architecture, ...(signal && { signal }) })
  return { ...delivery, imageUser: user }
}

/** A call that broke off may have made the container all the same: it is found by the label of this one call. */
async function removeUnanswered(
  { engine, events }: HarnessContext,
  creation: string,
  error: unknown,
): Promise<void> {
  if (!isContainersError(error) || !error.retryable) return
  try {
    const made = await engine.listContainers({ labels: [`${labels.creation}=${creation}`], all: true })
    for (const { id } of made) {
      await engine.removeContainer(id, { force: true, volumes: true }).catch((failure: unknown) => {
        events.emit('cleanupFailed', { containerId: id, error: failure })
      })
    }
  } catch {
    // The engine is away; the error that is being thrown says so.
  }
}
