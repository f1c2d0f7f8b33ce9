import { once } from 'node:events'
import { chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { connectEngine } from '../../src/engine/connect-engine.js'
import { connectFirst } from '../../src/engine/connect-first.js'
import type { ContainerEngine } from '../../src/engine/container-engine.js'
import type { ConnectOptions } from '../../src/engine/endpoint/connect-options.js'
import type { Endpoint } from '../../src/engine/endpoint/endpoint.js'
import { startFakeDaemon, type FakeDaemon, type FakeEngine } from './fake-daemon.js'

const folder = mkdtempSync(join(tmpdir(), 'anyon-connect-'))
const path = (name: string): string => join(folder, `${name}.sock`)
const undo: (() => unknown)[] = []
const env = {}

// While we are root: whom the tests become may have no way to its files.
beforeAll(async () => void (await import('dockerode')))
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function daemon(name: string, given?: FakeEngine): Promise<string> {
  const fake = await startFakeDaemon(path(name), given)
  undo.push(() => fake.close())
  chmodSync(path(name), 0o777)
  return path(name)
}

async function listen(name: string, onSocket: (socket: net.Socket) => void): Promise<string> {
  const sockets = new Set<net.Socket>()
  const server = net.createServer((socket) => {
    sockets.add(socket)
    onSocket(socket.on('error', () => {}))
  })
  server.listen(path(name))
  await once(server, 'listening')
  chmodSync(path(name), 0o777)
  undo.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return path(name)
}

/** A socket file behind which nobody listens any more. */
async function stale(name: string): Promise<string> {
  const server = net.createServer().listen(path('before'))
  await once(server, 'listening')
  chmodSync(path('before'), 0o777)
  renameSync(path('before'), path(name))
  server.close()
  await once(server, 'close')
  return path(name)
}

/** A socket that nobody but root may open. */
async function forbidden(name: string): Promise<string> {
  chmodSync(await daemon(name), 0)
  return path(name)
}

/** For root may open anything. */
async function unprivileged<T>(call: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return call()
  chmodSync(folder, 0o755)
  process.seteuid?.(65534)
  try {
    return await call()
  } finally {
    process.seteuid?.(0)
  }
}

function aFile(name: string): string {
  writeFileSync(path(name), 'x')
  chmodSync(path(name), 0o777)
  return path(name)
}

async function notAnEngine(name: string): Promise<string> {
  const server = http.createServer((_, response) => response.end('hello')).listen(path(name))
  await once(server, 'listening')
  chmodSync(path(name), 0o777)
  undo.push(() => server.close())
  return path(name)
}

const places: [string, (name: string) => string | Promise<string>, string, RegExp][] = [
  ['missing', path, 'ENGINE_UNREACHABLE', /no such socket \(ENOENT\)/],
  ['no-socket', aFile, 'ENGINE_UNREACHABLE', /not a socket|refused/],
  ['refused', stale, 'ENGINE_UNREACHABLE', /connection refused/],
  ['forbidden', forbidden, 'ENGINE_PERMISSION_DENIED', /permission denied.*usermod -aG docker/],
  ['silent', (name) => listen(name, () => {}), 'ENGINE_UNREACHABLE', /timed out after 300 ms/],
  ['cutting', (name) => listen(name, (socket) => socket.destroy()), 'ENGINE_UNREACHABLE', /cut|hang up/],
  ['no-http', (name) => listen(name, (socket) => socket.end('SSH-2.0\r\n')), 'ENGINE_UNREACHABLE', /HPE_/],
  ['no-engine', notAnEngine, 'ENGINE_PROTOCOL', /no container engine/],
  [
    'too-old',
    (name) => daemon(name, { apiVersion: '1.40' }),
    'ENGINE_VERSION_UNSUPPORTED',
    /too old.*1\.40.*1\.41/,
  ],
  [
    'too-new',
    (name) => daemon(name, { apiVersion: '9.9', minimumApiVersion: '1.99' }),
    'ENGINE_VERSION_UNSUPPORTED',
    /too new.*1\.99.*1\.47/,
  ],
]

describe('a named place that is of no use', () => {
  test.each(places)('%s', async (name, make, code, message) => {
    const socketPath = await make(name)
    const failure = unprivileged(() => connectEngine({ socketPath, env, timeoutMs: 300 }))
    await expect(failure).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    })
    await expect(failure).rejects.toThrow(`unix://${socketPath}`)
  })

  test('is not left for another', async () => {
    const host = `unix://${path('missing')}`
    const failure = connectEngine({ env: { DOCKER_HOST: host, HOME: folder } })
    await expect(failure).rejects.toMatchObject({ code: 'ENGINE_UNREACHABLE' })
  })

  test('a refused port', async () => {
    const server = net.createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as net.AddressInfo
    server.close()
    await once(server, 'close')
    await expect(connectEngine({ host: '127.0.0.1', port, env })).rejects.toMatchObject({
      code: 'ENGINE_UNREACHABLE',
      message: expect.stringContaining(`tcp://127.0.0.1:${port}: connection refused`) as string,
    })
  })
})

describe('when no place is named', () => {
  const attempt = { env, signal: undefined, timeoutMs: 300, apiVersion: undefined }
  const at = (socketPath: string): Endpoint => ({
    address: { kind: 'unix', socketPath },
    origin: 'usual socket',
  })

  test('one error tells every place, why it failed, and what to do', async () => {
    const endpoints: Endpoint[] = []
    for (const [name, make] of places) endpoints.push(at(await make(name)))
    const failing = unprivileged(() => connectFirst({ named: false, endpoints }, attempt))
    const failure = (await failing.catch((error: unknown) => error)) as Error & {
      details: { tried: unknown }
    }
    expect(failure).toMatchObject({ code: 'ENGINE_NOT_FOUND', retryable: true })
    expect(failure.details.tried).toEqual(
      places.map(([name, , code]) => ({
        address: `unix://${path(name)}`,
        origin: 'usual socket',
        code,
        why: expect.any(String) as string,
      })),
    )
    for (const [name] of places) expect(failure.message).toContain(`unix://${path(name)} (usual socket): `)
    expect(failure.message).toMatch(/missing\.sock \(usual socket\): there is no such socket/)
    expect(failure.message).toMatch(/forbidden\.sock \(usual socket\): permission denied/)
    expect(failure.message).toMatch(/silent\.sock \(usual socket\): timed out/)
    expect(failure.message).toMatch(/usermod -aG docker/)
  })

  test('the first that answers is taken', async () => {
    const endpoints = [at(path('missing')), at(await daemon('good')), at(await daemon('later'))]
    const engine = await connectFirst({ named: false, endpoints }, attempt)
    expect(engine.address).toBe(`unix://${path('good')}`)
    await engine.close()
  })
})

describe('the API version', () => {
  test.each([
    ['theirs when it is lower', { apiVersion: '1.41' }, undefined, '1.41'],
    ['ours when theirs is higher', { apiVersion: '1.99', minimumApiVersion: '1.44' }, undefined, '1.47'],
    ['compared as numbers', { apiVersion: '1.100', minimumApiVersion: '1.9' }, undefined, '1.47'],
    ['what was asked for', { apiVersion: '1.47' }, '1.43', '1.43'],
  ])('is %s', async (_, given, asked, agreed) => {
    const fake = await startFakeDaemon(path('versions'), given)
    undo.push(() => fake.close())
    const options: ConnectOptions = { socketPath: path('versions'), env, ...(asked && { apiVersion: asked }) }
    const engine = await connectEngine(options)
    expect(engine.apiVersion).toBe(agreed)
    await engine.ping()
    expect(fake.requests).toEqual(['GET /_ping', 'GET /version', `GET /v${agreed}/_ping`])
    await engine.close()
  })

  test('that was asked for and that the engine does not speak is refused', async () => {
    const socketPath = await daemon('versions', { apiVersion: '1.42', minimumApiVersion: '1.24' })
    await expect(connectEngine({ socketPath, env, apiVersion: '1.43' })).rejects.toMatchObject({
      code: 'ENGINE_VERSION_UNSUPPORTED',
      details: { apiVersion: '1.42', minimumApiVersion: '1.24' },
    })
  })

  test.each(['1.40', '1.48', 'v1.41', '2', ''])(
    '%o is refused before anything is touched',
    async (apiVersion) => {
      await expect(connectEngine({ socketPath: path('missing'), apiVersion })).rejects.toMatchObject({
        code: 'INVALID_OPTION',
      })
    },
  )
})

describe('the connection', () => {
  test('is made where it was told to, whatever the environment of the process says', async () => {
    const socketPath = await daemon('good')
    vi.stubEnv('DOCKER_HOST', 'tcp://127.0.0.1:1')
    vi.stubEnv('DOCKER_TLS_VERIFY', '1')
    vi.stubEnv('DOCKER_CERT_PATH', '/no/such')
    undo.push(() => vi.unstubAllEnvs())
    const engine = await connectEngine({ socketPath })
    await engine.ping()
    await engine.close()
  })

  test.each([0, -1, Number.NaN, Infinity, '5'])('is refused with a timeout of %o', async (timeoutMs) => {
    const options = { socketPath: path('missing'), timeoutMs: timeoutMs as number }
    await expect(connectEngine(options)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining('`timeoutMs`') as string,
    })
  })

  test('is given up when the signal says so', async () => {
    const controller = new AbortController()
    const socketPath = await listen('silent', () => controller.abort(new Error('enough')))
    const failure = connectEngine({ socketPath, env, signal: controller.signal })
    await expect(failure).rejects.toMatchObject({ code: 'ABORTED', cause: { message: 'enough' } })
    const late = connectEngine({ socketPath, env, signal: controller.signal })
    await expect(late).rejects.toMatchObject({ code: 'ABORTED' })
  })

  /** Connected over one kept socket to an engine that dies, and is replaced, when the next call comes over it. */
  async function aboutToRestart(): Promise<{ engine: ContainerEngine; after: () => readonly string[] }> {
    const socketPath = path('restarted')
    const before = await startFakeDaemon(socketPath)
    const engine = await connectEngine({ socketPath, env })
    let after: FakeDaemon | undefined
    before.server.removeAllListeners('request').on('request', (request: http.IncomingMessage) => {
      rmSync(socketPath)
      void startFakeDaemon(socketPath).then((fake) => {
        after = fake
        request.socket.destroy()
      })
    })
    undo.push(() => Promise.all([engine.close(), before.close(), after?.close()]))
    expect(before.sockets.size).toBe(1)
    return { engine, after: () => after?.requests ?? [] }
  }

  test('a call that may be repeated outlives the kept socket that it went out on', async () => {
    const { engine, after } = await aboutToRestart()
    await engine.ping()
    expect(after()).toEqual(['GET /v1.45/_ping'])
  })

  test('a call that may not be repeated is not', async () => {
    const { engine, after } = await aboutToRestart()
    await expect(engine.killContainer('x', 'SIGTERM')).rejects.toMatchObject({ code: 'ENGINE_UNREACHABLE' })
    expect(after()).toEqual([])
  })

  test('a call whose fresh socket dies is not repeated', async () => {
    let calls = 0
    const socketPath = await daemon('good')
    const engine = await connectEngine({ socketPath, env })
    undo.push(() => engine.close())
    await Promise.all(undo.splice(0, 1).map((close) => close()))
    await listen('good', (socket) => socket.once('data', () => (calls++, socket.destroy())))
    await expect(engine.ping()).rejects.toMatchObject({ code: 'ENGINE_UNREACHABLE' })
    expect(calls).toBe(1)
  })
})
