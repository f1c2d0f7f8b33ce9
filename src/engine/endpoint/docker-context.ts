import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { ContainersError } from '../../errors/containers-error.js'
import type { Environment } from './connect-options.js'
import type { Endpoint } from './endpoint.js'
import { errnoOf } from './errno.js'
import { parseHost } from './parse-host.js'
import { readTlsFolder } from './tls-files.js'

/** The name that docker gives to "no context": DOCKER_HOST or the usual sockets. */
export const defaultContext = 'default'

/** The folder of the docker CLI's settings. */
export function configFolder(env: Environment): string {
  return env['DOCKER_CONFIG'] || join(env['HOME'] || homedir(), '.docker')
}

/** The context that the docker CLI is set to, if any. */
export async function currentContext(folder: string): Promise<string | undefined> {
  const path = join(folder, 'config.json')
  const name = field(await readJson(path, 'The docker configuration'), 'currentContext')
  return typeof name === 'string' && name !== '' ? name : undefined
}

/** The endpoint of a docker context. Throws CONTEXT_NOT_FOUND, or TLS_INVALID for its certificates. */
export async function contextEndpoint(folder: string, name: string, origin: string): Promise<Endpoint> {
  const hash = createHash('sha256').update(name).digest('hex')
  const path = join(folder, 'contexts', 'meta', hash, 'meta.json')
  const meta = await readJson(path, `The docker context ${JSON.stringify(name)} (named by ${origin})`)
  if (meta === undefined) {
    throw new ContainersError(
      'CONTEXT_NOT_FOUND',
      `There is no docker context ${JSON.stringify(name)} (named by ${origin}): ${path} does not exist. ` +
        'See `docker context ls` for those that exist.',
      { details: { context: name, path, origin } },
    )
  }
  const docker = field(field(meta, 'Endpoints'), 'docker')
  const host = field(docker, 'Host')
  if (typeof host !== 'string' || host === '') {
    throw unreadable(
      `The docker context ${JSON.stringify(name)} (named by ${origin})`,
      path,
      'it has no docker host',
    )
  }
  const tlsFolder = join(folder, 'contexts', 'tls', hash, 'docker')
  const verify = field(docker, 'SkipTLSVerify') !== true
  const tls = await readTlsFolder(tlsFolder, origin, { verify, optional: true })
  const hasTls = tls.ca !== undefined || tls.cert !== undefined || !verify
  return { address: parseHost(`The host of docker context ${name}`, host, hasTls ? tls : undefined), origin }
}

async function readJson(path: string, what: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT' || errnoOf(cause) === 'ENOTDIR') return undefined
    throw unreadable(what, path, errnoOf(cause) ?? 'it is not JSON')
  }
}

function unreadable(what: string, path: string, why: string): ContainersError {
  return new ContainersError(
    'CONTEXT_NOT_FOUND',
    `${what} cannot be read from ${path}: ${why}. Mend the file.`,
    {
      details: { path, why },
    },
  )
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
