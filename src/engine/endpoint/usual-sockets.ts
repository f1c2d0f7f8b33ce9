import { homedir, userInfo } from 'node:os'
import { join } from 'node:path'
import type { Environment } from './connect-options.js'
import type { Endpoint } from './endpoint.js'

/** The sockets where an engine usually is, the likeliest first. */
export function usualSockets(env: Environment, uid = userInfo().uid): Endpoint[] {
  const home = env['HOME'] || homedir()
  const runtimeFolder = env['XDG_RUNTIME_DIR']
  const paths = [
    '/var/run/docker.sock',
    join(home, '.docker/run/docker.sock'),
    join(home, '.docker/desktop/docker.sock'),
    ...(runtimeFolder ? [join(runtimeFolder, 'docker.sock')] : []),
    `/run/user/${uid}/docker.sock`,
    ...(runtimeFolder ? [join(runtimeFolder, 'podman/podman.sock')] : []),
    `/run/user/${uid}/podman/podman.sock`,
    '/run/podman/podman.sock',
  ]
  return [...new Set(paths)].map((socketPath) => ({
    address: { kind: 'unix', socketPath },
    origin: 'usual socket',
  }))
}
