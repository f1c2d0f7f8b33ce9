import type { CommandRunner, RunnerCapabilities } from '../command/command-runner.js'
import { ForwardingRunner } from '../command/forwarding-runner.js'
import { checkUser } from '../command/spawn-plan.js'
import type { ContainerEngine } from '../engine/container-engine.js'
import { isContainersError } from '../errors/containers-error.js'
import { invalidOption } from '../errors/invalid-option.js'
import type { Files } from '../files/files.js'
import type { CommandPolicy } from '../policy/command-policy.js'
import { withPolicy } from '../policy/policed-runner.js'
import { filesOf } from './files-of.js'
import { ChoosingRunner } from './docker/choosing-runner.js'
import { plainCapabilities } from './plain-capabilities.js'
import type { StreamOpener } from './place.js'
import type { SupervisedRunnerOptions } from './supervised-options.js'
import { SupervisedRunner } from './supervised-runner.js'

/** Options of {@link DockerRunner}. */
export interface DockerRunnerOptions extends SupervisedRunnerOptions {
  /** Any harness, or anything else that has an engine. */
  harness: { readonly engine: ContainerEngine }
  /** A container's name or id, or its handle. It need not run yet. */
  container: string | { readonly id: string; readonly init?: string | undefined }
  /** User of commands that name none. Default: the container's own. */
  user?: string
  /**
   * - `'auto'` (default): the supervisor runs the commands; where it cannot be brought (a read-only root without an
   *   executable tmpfs, an architecture that it does not exist for) the engine's own exec does. `capabilities` says
   *   what a supervisor offers until the container was reached, by the first command or `ready()`, and then what holds.
   * - `'required'`: commands fail with `SUPERVISOR_DELIVERY_FAILED` or `SUPERVISOR_UNAVAILABLE` where it cannot.
   * - `'never'`: always the engine's own exec; nothing of ours is brought into the container. Kills are then a search
   *   by the container's own `sh`, not proven; a code above 128 may be a signal; the container's own environment is in
   *   every command's, with `ANYON_COMMAND` for that search; and commands outlive a host that is gone.
   */
  supervisor?: 'auto' | 'required' | 'never'
  /** Asked before each command. Default: everything may run. */
  policy?: CommandPolicy
}

/**
 * Runs commands in a container: one that was created with `init: 'supervisor'`, or any other that is running.
 * Nothing is touched before the first command.
 *
 * @example
 * ```ts
 * await using runner = new DockerRunner({ harness, container: 'some-container' })
 * const { stdout } = await runner.run(['git', 'status', '--short'], { cwd: '/workspace' })
 * ```
 */
export class DockerRunner extends ForwardingRunner {
  /** The container's files, over the same connection, as the runner's user. A policy is not asked about them. */
  readonly files: Files
  private readonly reach: () => Promise<unknown>

  /** Throws `INVALID_OPTION`. */
  constructor(options: DockerRunnerOptions) {
    const { policy, timeoutBoundsMs } = options
    const { runner, reach, files } = chooseRunner(options)
    super(withPolicy(runner, policy, timeoutBoundsMs))
    this.files = files
    this.reach = reach
  }

  /**
   * Reaches the container before the first command does. Resolves with the capabilities that hold from then on;
   * rejects with what keeps the container from being reached.
   */
  async ready(): Promise<RunnerCapabilities> {
    await this.reach()
    return this.capabilities
  }
}

/** What runs the commands, how it is reached, and the files beside it. */
interface Chosen {
  readonly runner: CommandRunner
  reach(): Promise<unknown>
  readonly files: Files
}

function chooseRunner({
  harness,
  container,
  user,
  supervisor = 'auto',
  ...options
}: DockerRunnerOptions): Chosen {
  const id = typeof container === 'string' ? container : container.id
  if (typeof id !== 'string' || id === '') {
    throw invalidOption('container', 'must be a name, an id or a container', container)
  }
  if (user !== undefined) checkUser('user', user)
  if (!['auto', 'required', 'never'].includes(supervisor)) {
    throw invalidOption('supervisor', "must be 'auto', 'required' or 'never'", supervisor)
  }
  const { timeoutBoundsMs } = options
  const makePlain = async () => {
    const { PlainContainerRunner } = await import('./docker/plain-container-runner.js')
    return new PlainContainerRunner(harness.engine, id, user, timeoutBoundsMs)
  }
  if (supervisor === 'never') {
    const runner = new ChoosingRunner(makePlain, { capabilities: plainCapabilities, timeoutBoundsMs })
    return { runner, reach: async () => (await runner.choose()).reached(), files: filesOf(runner) }
  }
  const isKnown = typeof container === 'object' && container.init === 'supervisor'
  const open: StreamOpener = async (signal, mayShortcut) => {
    const { openContainer } = await import('./docker/open-container.js')
    return openContainer(harness.engine, id, { user, mayShortcut }, signal)
  }
  const supervised = new SupervisedRunner(open, supervisedCapabilities, options)
  const files = filesOf(supervised)
  if (supervisor === 'required' || isKnown) {
    return { runner: supervised, reach: () => supervised.connected(), files }
  }
  const choose = async (): Promise<CommandRunner> => {
    try {
      await supervised.connected()
      return supervised
    } catch (error) {
      if (!isWithoutSupervisor(error)) throw error
      const plain = await makePlain()
      await plain.reached() // its end, or a restart, is no reason to do without
      return plain
    }
  }
  const close = () => supervised.close()
  const runner = new ChoosingRunner(choose, { capabilities: supervisedCapabilities, timeoutBoundsMs, close })
  return { runner, reach: () => runner.choose(), files }
}

function isWithoutSupervisor(error: unknown): boolean {
  return (
    isContainersError(error, 'SUPERVISOR_DELIVERY_FAILED') ||
    isContainersError(error, 'SUPERVISOR_UNAVAILABLE')
  )
}

/** In any container. */
export const supervisedCapabilities: RunnerCapabilities = {
  supervised: true,
  verifiedKill: true,
  exactExit: true,
  exactEnvironment: true,
  backpressure: true,
  users: true,
  uniqueUsers: true,
  oomEvidence: true,
  pausesLimits: true,
  secrets: true,
  detached: true,
  endsWithHost: true,
  terminals: true,
  files: true,
  ports: true,
  sessions: true,
  isolation: 'separate-user',
}
