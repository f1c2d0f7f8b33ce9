import type { CommandRunner } from '../command/command-runner.js'
import { ContainersError } from '../errors/containers-error.js'
import { Files } from '../files/files.js'
import { SupervisedRunner } from './supervised-runner.js'

/** The files of a runner's place; where it has no supervisor, every call says so. */
export function filesOf(runner: CommandRunner): Files {
  return new Files((argv, options) => {
    if (runner instanceof SupervisedRunner) return runner.builtin(argv, options)
    const message = 'Files need a supervisor, and none runs here. Use commands, or on the host node:fs.'
    throw new ContainersError('NOT_SUPPORTED', message)
  })
}
