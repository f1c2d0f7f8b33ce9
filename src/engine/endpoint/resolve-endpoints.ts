import { join } from 'node:path'
import { homedir } from 'node:os'
import { invalidOption } from '../../errors/invalid-option.js'
import type { ConnectOptions, Environment, TlsOptions } from './connect-options.js'
import { configFolder, contextEndpoint, currentContext, defaultContext } from './docker-context.js'
import type { Endpoint, TlsMaterial } from './endpoint.js'
import { parseHost } from './parse-host.js'
import { readTlsFolder } from './tls-files.js'
import { usualSockets } from './usual-sockets.js'

/** Where to look for the engine. */
export interface ResolvedEndpoints {
  /** Whether somebody named the place: then it is the only one, and its failure is the failure. */
  readonly named: boolean
  readonly endpoints: readonly Endpoint[]
}

/**
 * The places to look at, in docker's own order: the option, DOCKER_HOST, DOCKER_CONTEXT, the current context, the
 * usual sockets. Throws INVALID_OPTION, CONTEXT_NOT_FOUND or TLS_INVALID.
 */
export async function resolveEndpoints(
  options: ConnectOptions,
  env: Environment,
): Promise<ResolvedEndpoints> {
  // The default context is docker's word for "no context", and overrules one that the environment names.
  const isDefault = options.context === defaultContext
  const endpoint =
    (await fromOptions(options, env)) ??
    (await fromHostVariable(env)) ??
    (isDefault ? undefined : await fromContext(env))
  return endpoint === undefined
    ? { named: false, endpoints: usualSockets(env) }
    : { named: true, endpoints: [endpoint] }
}

async function fromOptions(options: ConnectOptions, env: Environment): Promise<Endpoint | undefined> {
  const { socketPath, host, port, tls, context } = options
  const named = Object.entries({ socketPath, host, context }).filter(([, value]) => value !== undefined)
  if (named.length > 1) {
    const names = named.map(([name]) => `\`${name}\``).join(' and ')
    throw invalidOption(names, 'must not be given together', 'both', 'Name the engine once.')
  }
  if (host === undefined && (port !== undefined || tls !== undefined)) {
    throw invalidOption('`port` and `tls`', 'need `host`', host)
  }
  if (socketPath !== undefined) {
    if (typeof socketPath !== 'string' || socketPath === '') {
      throw invalidOption('`socketPath`', 'must be the path of a socket', socketPath)
    }
    return {
      address: { kind: 'unix', socketPath: socketPath.replace(/^unix:\/\//, '') },
      origin: 'option `socketPath`',
    }
  }
  if (host !== undefined) return { address: hostAddress(host, port, tls), origin: 'option `host`' }
  if (context === undefined) return undefined
  return namedContext(env, context, 'option `context`')
}

function hostAddress(host: unknown, port: unknown, tls: TlsOptions | undefined): Endpoint['address'] {
  if (typeof host !== 'string' || host === '') throw invalidOption('`host`', 'must be a URL or a name', host)
  if (port === undefined) return parseHost('`host`', host, tlsMaterial(tls))
  if (typeof port !== 'number' || !Number.isInteger(port) || port < 1 || port > 65535) {
    throw invalidOption('`port`', 'must be a whole number from 1 to 65535', port)
  }
  const isBareIpv6 = host.includes(':') && !host.includes('://') && !host.startsWith('[')
  const address = parseHost('`host`', isBareIpv6 ? `[${host}]` : host, tlsMaterial(tls))
  if (address.kind === 'unix') throw invalidOption('`port`', 'does not go with a unix socket', port)
  return { ...address, port }
}

function tlsMaterial(tls: TlsOptions | undefined): TlsMaterial | undefined {
  if (tls === undefined) return undefined
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    throw invalidOption('`tls`', 'must have both `cert` and `key`, or neither', 'one of them')
  }
  const { ca, cert, key, verify = true } = tls
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }), verify }
}

async function fromHostVariable(env: Environment): Promise<Endpoint | undefined> {
  const host = env['DOCKER_HOST']
  if (!host) return undefined
  const tls = /^(unix|ssh):/.test(host) ? undefined : await environmentTls(env)
  return { address: parseHost('DOCKER_HOST', host, tls), origin: 'DOCKER_HOST' }
}

async function fromContext(env: Environment): Promise<Endpoint | undefined> {
  if (env['DOCKER_CONTEXT']) return namedContext(env, env['DOCKER_CONTEXT'], 'DOCKER_CONTEXT')
  const folder = configFolder(env)
  const current = await currentContext(folder)
  return current === undefined ? undefined : namedContext(env, current, join(folder, 'config.json'))
}

async function namedContext(env: Environment, name: string, origin: string): Promise<Endpoint | undefined> {
  return name === defaultContext ? undefined : contextEndpoint(configFolder(env), name, origin)
}

/** As the docker CLI reads them: any value of DOCKER_TLS_VERIFY but the empty one asks for a checked peer. */
async function environmentTls(env: Environment): Promise<TlsMaterial | undefined> {
  const verify = Boolean(env['DOCKER_TLS_VERIFY'])
  if (!verify && !env['DOCKER_TLS']) return undefined
  const folder = env['DOCKER_CERT_PATH'] || join(env['HOME'] || homedir(), '.docker')
  const origin = verify ? 'DOCKER_TLS_VERIFY' : 'DOCKER_TLS'
  return readTlsFolder(folder, origin, { verify, optional: !verify })
}
