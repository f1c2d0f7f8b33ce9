import type { RunnerCapabilities } from '../../command/command-runner.js'
import { ForwardingRunner } from '../../command/forwarding-runner.js'
import { supervisorPath } from '../../delivery/supervisor-binary.js'
import { ContainersError } from '../../errors/containers-error.js'
import type { Files } from '../../files/files.js'
import type { CommandPolicy } from '../../policy/command-policy.js'
import { withPolicy } from '../../policy/policed-runner.js'
import { filesOf } from '../files-of.js'
import type { SupervisedRunnerOptions } from '../supervised-options.js'
import { SupervisedRunner } from '../supervised-runner.js'
import { hostOpener } from './host-opener.js'
import { hostDefaults, type HostOptions } from './host-place.js'
import { PlainHostRunner } from './plain-host-runner.js'

/** Options of {@link HostRunner}. */
export interface HostRunnerOptions extends HostOptions, SupervisedRunnerOptions {
  /**
   * `'auto'` (default): on Linux the supervisor runs the commands, elsewhere Node's `child_process` does.
   * `'never'`: always the latter. `capabilities` says what that costs.
   */
  supervisor?: 'auto' | 'never'
  /** Asked before each command. Default: everything may run. */
  policy?: CommandPolicy
}

/**
 * Runs commands on this host. Environment and working folder of the process are read once, when it is made.
 *
 * @example
 * ```ts
 * await using runner = new HostRunner()
 * const { stdout } = await runner.run(['git', 'status', '--short'], { cwd: '/srv/project', check: true })
 * ```
 */
export class HostRunner extends ForwardingRunner {
  /** This host's files, with the rights of any user. Without a supervisor its calls are `NOT_SUPPORTED`. */
  readonly files: Files

  constructor(options: HostRunnerOptions = {}) {
    const defaults = hostDefaults(options)
    const binary = options.supervisor === 'never' ? undefined : findSupervisor()
    const runner = binary
      ? new SupervisedRunner(hostOpener(binary, defaults), supervisedCapabilities(), options)
      : new PlainHostRunner(defaults, options.timeoutBoundsMs)
    super(withPolicy(runner, options.policy, options.timeoutBoundsMs))
    this.files = filesOf(runner)
  }
}

function findSupervisor(): string | undefined {
  if (process.platform !== 'linux') return undefined
  try {
    return supervisorPath(process.arch)
  } catch (error) {
    if (error instanceof ContainersError) return undefined
    throw error
  }
}

function supervisedCapabilities(): RunnerCapabilities {
  const isRoot = process.getuid?.() === 0
  return {
    supervised: true,
    verifiedKill: true,
    exactExit: true,
    exactEnvironment: true,
    backpressure: true,
    users: isRoot,
    uniqueUsers: isRoot,
    oomEvidence: true,
    pausesLimits: true,
    secrets: true,
    detached: false,
    endsWithHost: true,
    terminals: true,
    files: true,
    ports: true,
    sessions: true,
    isolation: 'same-user',
  }
}
