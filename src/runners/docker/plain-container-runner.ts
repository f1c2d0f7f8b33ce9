import type { Command } from '../../command/command.js'
import type { SpawnPlan, TimeoutBounds } from '../../command/spawn-plan.js'
import type { ContainerEngine } from '../../engine/container-engine.js'
import { plainCapabilities } from '../plain-capabilities.js'
import { PlainRunner } from '../plain-runner.js'
import type { MarkedPlace } from './marked-exec.js'
import { PlainContainerCommand } from './plain-container-command.js'

/** Commands by the engine's own exec, for containers into which no supervisor can or shall be brought. */
export class PlainContainerRunner extends PlainRunner {
  readonly capabilities = plainCapabilities
  protected readonly insteadOfSessions =
    "Make the runner with supervisor: 'required', or run each command by itself."
  private place: Promise<MarkedPlace> | undefined

  constructor(
    private readonly engine: ContainerEngine,
    private readonly container: string,
    private readonly user: string | undefined,
    bounds: TimeoutBounds | undefined,
  ) {
    super(bounds, user)
  }

  protected start(plan: SpawnPlan): Command {
    return new PlainContainerCommand(() => this.reached(), plan).handle
  }

  /** The container, looked at once; a failure is not kept, since the container may run later. */
  reached(): Promise<MarkedPlace> {
    this.place ??= this.look()
    this.place.catch(() => (this.place = undefined))
    return this.place
  }

  private async look(): Promise<MarkedPlace> {
    const { openMarked } = await import('./marked-exec.js')
    return openMarked(this.engine, this.container, this.user)
  }
}
