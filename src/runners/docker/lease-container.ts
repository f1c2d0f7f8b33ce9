import type { ContainerEngine } from '../../engine/container-engine.js'
import { ContainersError } from '../../errors/containers-error.js'
import { abortable } from '../../internal/abort.js'
import { isUnderSupervisor } from '../../model/labels.js'
import type { LeaseRequest } from '../../supervisor/lookup.js'
import { connectPlace } from '../connect-place.js'
import { assertRunning } from './container-state.js'
import { openContainer } from './open-container.js'

/**
 * Sets limits of a container's process 1, which are in force when this resolves. Over a stream of its own that ends at
 * once: one that stayed open would count as use. Rejects with `NOT_SUPPORTED` where process 1 is not the supervisor.
 */
export async function leaseContainer(
  engine: ContainerEngine,
  name: string,
  lease: LeaseRequest,
  signal: AbortSignal,
): Promise<void> {
  const container = await engine.inspectContainer(name, { signal })
  if (!isUnderSupervisor(container.config.labels)) throw notOurs(name)
  assertRunning(container)
  const open = (signal: AbortSignal) => openContainer(engine, name, {}, signal)
  const { connection } = await connectPlace(open, signal, {
    session: undefined,
    silenceMs: 0,
    onInterrupted: () => {},
  })
  try {
    connection.lease(lease)
    await abortable(connection.list(), 'Leasing the container', signal) // answered after the lease was taken
  } finally {
    connection.end()
  }
}

function notOurs(name: string): ContainersError {
  const message =
    `Container ${name} cannot be leased: its process 1 is not the supervisor, which would have to end it. ` +
    "Create it with init: 'supervisor'."
  return new ContainersError('NOT_SUPPORTED', message, { details: { container: name } })
}
