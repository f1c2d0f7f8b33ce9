import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ConnectOptions, Environment } from '../../../src/engine/endpoint/connect-options.js'
import { describeAddress } from '../../../src/engine/endpoint/endpoint.js'
import { resolveEndpoints } from '../../../src/engine/endpoint/resolve-endpoints.js'

const home = mkdtempSync(join(tmpdir(), 'anyon-home-'))
const docker = join(home, '.docker')
const pem = '-----BEGIN CERTIFICATE-----\n'

function write(path: string, content: string): void {
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, content)
}

function writeContext(name: string, meta: unknown, tls: Record<string, string> = {}): void {
  const hash = createHash('sha256').update(name).digest('hex')
  write(
    join(docker, 'contexts/meta', hash, 'meta.json'),
    typeof meta === 'string' ? meta : JSON.stringify(meta),
  )
  for (const [file, content] of Object.entries(tls)) {
    write(join(docker, 'contexts/tls', hash, 'docker', file), content)
  }
}

beforeAll(() => {
  write(join(docker, 'config.json'), JSON.stringify({ currentContext: 'current' }))
  const at = (Host: string, more: object = {}) => ({ Endpoints: { docker: { Host, ...more } } })
  writeContext('current', at('unix:///current.sock'))
  writeContext('remote', at('tcp://remote:2376'), { 'ca.pem': pem, 'cert.pem': pem, 'key.pem': pem })
  writeContext('lax', at('tcp://lax', { SkipTLSVerify: true }))
  writeContext('over-ssh', at('ssh://me@box'))
  writeContext('broken', '{ not json')
  writeContext('hostless', { Endpoints: {} })
  writeContext('half', at('tcp://half'), { 'cert.pem': pem })
  for (const file of ['ca.pem', 'cert.pem', 'key.pem']) write(join(home, 'certs', file), pem)
  write(join(home, 'bad-certs/ca.pem'), 'not a certificate')
})
afterAll(() => rmSync(home, { recursive: true, force: true }))

const withEverything = { DOCKER_HOST: 'unix:///variable.sock', DOCKER_CONTEXT: 'remote' }
const certs = { DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: join(home, 'certs') }

describe('one place is named', () => {
  test.each<[string, ConnectOptions, Environment, string, string]>([
    [
      'an option beats all',
      { socketPath: '/mine.sock' },
      withEverything,
      'unix:///mine.sock',
      'option `socketPath`',
    ],
    [
      'a path may be a URL',
      { socketPath: 'unix:///mine.sock' },
      {},
      'unix:///mine.sock',
      'option `socketPath`',
    ],
    ['a host', { host: 'tcp://box:1234' }, withEverything, 'tcp://box:1234', 'option `host`'],
    ['a host and a port', { host: 'box', port: 99 }, {}, 'tcp://box:99', 'option `host`'],
    ['a host alone', { host: 'box' }, {}, 'tcp://box:2375', 'option `host`'],
    ['a host with TLS', { host: 'box', tls: {} }, {}, 'tcp://box:2376', 'option `host`'],
    ['a host by https', { host: 'https://box' }, {}, 'tcp://box:2376', 'option `host`'],
    ['an IPv6 host', { host: '::1', port: 99 }, {}, 'tcp://[::1]:99', 'option `host`'],
    ['a host with a socket', { host: 'unix:///mine.sock' }, {}, 'unix:///mine.sock', 'option `host`'],
    [
      'a context',
      { context: 'over-ssh' },
      withEverything,
      'ssh://me@box/var/run/docker.sock',
      'option `context`',
    ],
    ['the variable beats contexts', {}, withEverything, 'unix:///variable.sock', 'DOCKER_HOST'],
    ['the variable with TLS', {}, { DOCKER_HOST: 'tcp://box', ...certs }, 'tcp://box:2376', 'DOCKER_HOST'],
    [
      'no TLS for a socket',
      {},
      { DOCKER_HOST: 'unix:///x', DOCKER_TLS_VERIFY: '1' },
      'unix:///x',
      'DOCKER_HOST',
    ],
    [
      'the variable by ssh',
      {},
      { DOCKER_HOST: 'ssh://me@box:22/run/user/7/docker.sock' },
      'ssh://me@box:22/run/user/7/docker.sock',
      'DOCKER_HOST',
    ],
    ['the context variable', {}, { DOCKER_CONTEXT: 'remote' }, 'tcp://remote:2376', 'DOCKER_CONTEXT'],
    ['the current context', {}, {}, 'unix:///current.sock', join(docker, 'config.json')],
    [
      'an empty variable is none',
      {},
      { DOCKER_HOST: '' },
      'unix:///current.sock',
      join(docker, 'config.json'),
    ],
  ])('%s', async (_, options, env, address, origin) => {
    const { named, endpoints } = await resolveEndpoints(options, { HOME: home, ...env })
    expect(named).toBe(true)
    expect(endpoints.map((endpoint) => [describeAddress(endpoint.address), endpoint.origin])).toEqual([
      [address, origin],
    ])
  })

  test('certificates come from the folder or the context, and verification can be left out', async () => {
    const tlsOf = async (options: ConnectOptions, env: Environment = {}) => {
      const [endpoint] = (await resolveEndpoints(options, { HOME: home, ...env })).endpoints
      return endpoint?.address.kind === 'tcp' ? endpoint.address.tls : undefined
    }
    const all = { ca: Buffer.from(pem), cert: Buffer.from(pem), key: Buffer.from(pem), verify: true }
    expect(await tlsOf({}, { DOCKER_HOST: 'tcp://box', ...certs })).toEqual(all)
    expect(await tlsOf({ context: 'remote' })).toEqual(all)
    expect(await tlsOf({ context: 'lax' })).toEqual({ verify: false })
    expect(await tlsOf({}, { DOCKER_HOST: 'tcp://box', DOCKER_TLS: '1' })).toEqual({ verify: false })
    expect(await tlsOf({ host: 'box', tls: { ca: 'x', verify: false } })).toEqual({ ca: 'x', verify: false })
    expect(await tlsOf({}, { DOCKER_HOST: 'tcp://box' })).toBeUndefined()
  })
})

describe('no place is named', () => {
  test.each<[string, ConnectOptions, Environment]>([
    ['nothing is set', {}, { HOME: '/nobody', XDG_RUNTIME_DIR: '/runtime' }],
    [
      'the default context',
      { context: 'default' },
      { HOME: '/nobody', XDG_RUNTIME_DIR: '/runtime', DOCKER_CONTEXT: 'x' },
    ],
    ['the default context', {}, { HOME: '/nobody', XDG_RUNTIME_DIR: '/runtime', DOCKER_CONTEXT: 'default' }],
  ])('%s: the usual sockets in their order', async (_, options, env) => {
    const { named, endpoints } = await resolveEndpoints(options, env)
    const uid = process.getuid?.() ?? 0
    expect(named).toBe(false)
    expect(endpoints.map(({ address }) => describeAddress(address))).toEqual([
      'unix:///var/run/docker.sock',
      'unix:///nobody/.docker/run/docker.sock',
      'unix:///nobody/.docker/desktop/docker.sock',
      'unix:///runtime/docker.sock',
      `unix:///run/user/${uid}/docker.sock`,
      'unix:///runtime/podman/podman.sock',
      `unix:///run/user/${uid}/podman/podman.sock`,
      'unix:///run/podman/podman.sock',
    ])
  })
})

describe('what is wrong is named', () => {
  test.each<[string, ConnectOptions, Environment, string, RegExp]>([
    ['two places', { socketPath: '/a', host: 'b' }, {}, 'INVALID_OPTION', /`socketPath` and `host`/],
    ['a port alone', { port: 1 }, {}, 'INVALID_OPTION', /`host`/],
    ['a port out of range', { host: 'a', port: 70_000 }, {}, 'INVALID_OPTION', /`port`.*70000/],
    ['an empty path', { socketPath: '' }, {}, 'INVALID_OPTION', /`socketPath`/],
    ['a relative path', { host: 'unix://x.sock' }, {}, 'INVALID_OPTION', /absolute/],
    ['an unknown scheme', {}, { DOCKER_HOST: 'ftp://x' }, 'INVALID_OPTION', /DOCKER_HOST.*ftp:/],
    ['a port that is none', {}, { DOCKER_HOST: 'tcp://x:y' }, 'INVALID_OPTION', /DOCKER_HOST/],
    ['a path where none can be', {}, { DOCKER_HOST: 'tcp://x/y' }, 'INVALID_OPTION', /path/],
    ['a flag for ssh', {}, { DOCKER_HOST: 'ssh://-oProxyCommand=x' }, 'INVALID_OPTION', /dash|DOCKER_HOST/],
    ['a certificate alone', { host: 'a', tls: { cert: 'x' } }, {}, 'INVALID_OPTION', /`cert` and `key`/],
    ['no such context', { context: 'nope' }, {}, 'CONTEXT_NOT_FOUND', /"nope".*option `context`/],
    ['no such context', {}, { DOCKER_CONTEXT: 'nope' }, 'CONTEXT_NOT_FOUND', /"nope".*DOCKER_CONTEXT/],
    [
      'a context that is no JSON',
      { context: 'broken' },
      {},
      'CONTEXT_NOT_FOUND',
      /meta\.json: it is not JSON/,
    ],
    ['a context without host', { context: 'hostless' }, {}, 'CONTEXT_NOT_FOUND', /no docker host/],
    ['half a pair of a context', { context: 'half' }, {}, 'TLS_INVALID', /key\.pem is not/],
    [
      'no certificates',
      {},
      { DOCKER_HOST: 'tcp://x', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/no/such' },
      'TLS_INVALID',
      /\/no\/such\/\w+\.pem does not exist; DOCKER_TLS_VERIFY/,
    ],
    [
      'certificates that are none',
      {},
      { DOCKER_HOST: 'tcp://x', DOCKER_TLS: '1', DOCKER_CERT_PATH: join(home, 'bad-certs') },
      'TLS_INVALID',
      /ca\.pem is not a PEM file/,
    ],
  ])('%s', async (_, options, env, code, message) => {
    const failure = resolveEndpoints(options, { HOME: home, ...env })
    await expect(failure).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string })
  })

  test('a password in an address is not told', async () => {
    const failure = resolveEndpoints({ host: 'ssh://me:sentinel-4711@box' }, {}).catch(
      (error: unknown) => error,
    )
    expect(JSON.stringify(await failure)).toMatch(/^(?!.*sentinel).*password/)
  })
})
