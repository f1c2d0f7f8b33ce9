import type { RunnerCapabilities } from '../command/command-runner.js'
import { ForwardingRunner } from '../command/forwarding-runner.js'
import { checkUser } from '../command/spawn-plan.js'
import type { ContainerEngine } from '../engine/container-engine.js'
import { invalidOption } from '../errors/invalid-option.js'
import type { Files } from '../files/files.js'
import type { CommandPolicy } from '../policy/command-policy.js'
import { withPolicy } from '../policy/policed-runner.js'
import { filesOf } from './files-of.js'
import type { StreamOpener } from './place.js'
import { SupervisedRunner, type SupervisedRunnerOptions } from './supervised-runner.js'

/** Options of {@link DockerRunner}. */
export interface DockerRunnerOptions extends SupervisedRunnerOptions {
  /** Any harness, or anything else that has an engine. */
  harness: { readonly engine: ContainerEngine }
  /** A container's name or id, or its handle. It need not run yet. */
  container: string | { readonly id: string; readonly init?: string | undefined }
  /** User of commands that name none. Default: the container's own. */
  user?: string
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

  /** Throws `INVALID_OPTION`. */
  constructor({ harness, container, user, policy, ...options }: DockerRunnerOptions) {
    const id = typeof container === 'string' ? container : container.id
    if (typeof id !== 'string' || id === '') {
      throw invalidOption('container', 'must be a name, an id or a container', container)
    }
    if (user !== undefined) checkUser('user', user)
    const isKnown = typeof container === 'object' && container.init === 'supervisor'
    const open: StreamOpener = async (signal) => {
      const { openContainer } = await import('./docker/open-container.js')
      return openContainer(harness.engine, id, { user, isKnown }, signal)
    }
    const runner = new SupervisedRunner(open, supervisedCapabilities, options)
    super(withPolicy(runner, policy, options.timeoutBoundsMs))
    this.files = filesOf(runner)
  }
}

/** In any container. */
export const supervisedCapabilities: RunnerCapabilities = {
  supervised: true,
  verifiedKill: true,
  exactExit: true,
  users: true,
  oomEvidence: true,
  pausesLimits: true,
  secrets: true,
  endsWithHost: true,
  terminals: true,
  files: true,
  ports: true,
  sessions: true,
  isolation: 'separate-user',
}
