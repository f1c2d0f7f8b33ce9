import { ContainersError } from '../errors/containers-error.js'

/** The error for a terminal where no supervisor runs. */
export function noTerminals(): ContainersError {
  const advice = 'Use HostRunner on Linux, or DockerRunner, with its supervisor.'
  return new ContainersError('NOT_SUPPORTED', `A terminal needs a supervisor, and none runs here. ${advice}`)
}
