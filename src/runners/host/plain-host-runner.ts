import type { Command } from '../../command/command.js'
import type { RunnerCapabilities } from '../../command/command-runner.js'
import type { SpawnPlan, TimeoutBounds } from '../../command/spawn-plan.js'
import type { PlaceDefaults } from '../place.js'
import { plainCapabilities } from '../plain-capabilities.js'
import { PlainRunner } from '../plain-runner.js'
import { abortedBefore, failedToStart } from './never-started.js'
import { PlainHostCommand } from './plain-host-command.js'
import { startFailure } from './start-failure.js'

/** Commands as children of this process, where no supervisor can go. A kill reaches the process group only. */
export class PlainHostRunner extends PlainRunner {
  readonly capabilities: RunnerCapabilities = {
    ...plainCapabilities,
    exactExit: process.platform !== 'win32',
    exactEnvironment: true,
    backpressure: true,
    users: process.getuid?.() === 0,
  }
  protected readonly insteadOfSessions = 'Use run, and name folder and environment for each command.'

  constructor(
    private readonly defaults: PlaceDefaults,
    bounds?: TimeoutBounds,
  ) {
    super(bounds)
  }

  protected start(plan: SpawnPlan): Command {
    if (plan.signal?.aborted) return abortedBefore(plan.argv, plan.signal.reason)
    try {
      return new PlainHostCommand(plan, this.defaults).handle
    } catch (error) {
      // Of the system's errors Node throws some, and tells the others by an event.
      return failedToStart(plan.argv, startFailure(plan, this.defaults, error as NodeJS.ErrnoException))
    }
  }
}
