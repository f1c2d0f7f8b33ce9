import { ContainersError } from '../../errors/containers-error.js'
import type { ContainerInspection } from '../../engine/engine-types.js'

/** Throws `CONTAINER_STATE` unless commands can be started in the container now. */
export function assertRunning({ name, state }: ContainerInspection): void {
  if (state.running && !state.paused && !state.restarting) return
  const status = state.paused ? 'paused' : state.restarting ? 'restarting' : state.status
  const advice = {
    paused: 'Resume it first.',
    restarting: 'Wait until it runs; restart policies are best left off.',
    created: 'Start it first.',
    exited: 'Start it first.',
    dead: 'Remove it and create another.',
    removing: 'Create another.',
    running: '',
  }[status]
  throw new ContainersError(
    'CONTAINER_STATE',
    `Container ${name} is ${status}; commands need one that runs. ${advice}`.trimEnd(),
    { details: { container: name, status } },
  )
}
