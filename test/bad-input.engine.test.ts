import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pack } from 'tar-stream'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { DockerHarness } from '../src/index.js'
import type { Container, ConnectOptions, ErrorCode } from '../src/index.js'
import { uniqueName } from '../src/model/unique-name.js'
import { startFakeDaemon } from './engine/fake-daemon.js'
import {
  BUSYBOX_IMAGE,
  engineRequest,
  startPrivateEngine,
  testEndpoint,
  testLabels,
} from './support/engine.js'
import { loadImage } from './support/load-image.js'
import { testContainer, testHarness } from './support/harness.js'

/** What every row must come to: the code, and words that name the thing, the rule and the value. */
interface Expected {
  readonly code: ErrorCode
  readonly says: readonly (string | RegExp)[]
}

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'anyon-bad-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** The one error that `act` ends with, within the time of a test; a success is none. */
async function refused(act: () => Promise<unknown>, { code, says }: Expected): Promise<void> {
  const error: unknown = await act().then(
    (value) => new Error(`it went through: ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  )
  expect(error).toMatchObject({ name: 'ContainersError', code })
  for (const word of says) expect((error as Error).message).toMatch(word)
  expect(JSON.stringify(error)).not.toMatch(/"cause"/)
}

/** Every container there is of this row, by its label. */
async function leftOf(row: string): Promise<unknown> {
  const filters = encodeURIComponent(JSON.stringify({ label: [`row=${row}`] }))
  return (await engineRequest('GET', `/containers/json?all=1&filters=${filters}`)).body
}

async function listening(server: Server, where: string | number): Promise<string> {
  await new Promise<void>((resolve) => {
    if (typeof where === 'string') server.listen(where, resolve)
    else server.listen(where, '127.0.0.1', resolve)
  })
  onTestFinished(() => void server.close())
  const address = server.address()
  return typeof address === 'string' || !address ? String(where) : `tcp://127.0.0.1:${address.port}`
}

describe('connecting', () => {
  const rows: [string, () => Promise<ConnectOptions>, Expected][] = [
    [
      'no engine at the place that was named',
      () => Promise.resolve({ socketPath: '/nonexistent/docker.sock' }),
      { code: 'ENGINE_UNREACHABLE', says: ['/nonexistent/docker.sock'] },
    ],
    [
      'nobody listens',
      () => Promise.resolve({ host: 'tcp://127.0.0.1:1' }),
      { code: 'ENGINE_UNREACHABLE', says: ['127.0.0.1:1'] },
    ],
    [
      'an engine that is too old',
      async () => {
        const socketPath = join(folder, 'old.sock')
        const old = await startFakeDaemon(socketPath, { apiVersion: '1.24', minimumApiVersion: '1.12' })
        onTestFinished(() => old.close())
        return { socketPath }
      },
      { code: 'ENGINE_VERSION_UNSUPPORTED', says: ['1.24', '1.41'] },
    ],
    [
      'TLS files that are missing',
      () =>
        Promise.resolve({
          env: {
            DOCKER_HOST: 'tcp://127.0.0.1:2376',
            DOCKER_TLS_VERIFY: '1',
            DOCKER_CERT_PATH: '/nonexistent/certs',
          },
        }),
      { code: 'TLS_INVALID', says: ['/nonexistent/certs'] },
    ],
    [
      'a context that does not exist',
      () => Promise.resolve({ context: 'nowhere', env: { HOME: folder } }),
      { code: 'CONTEXT_NOT_FOUND', says: ['nowhere'] },
    ],
    [
      'an engine that never answers',
      async () => ({
        host: await listening(
          createServer(() => {}),
          0,
        ),
        timeoutMs: 300,
      }),
      { code: 'ENGINE_UNREACHABLE', says: ['300 ms'] },
    ],
    [
      'two places at once',
      () => Promise.resolve({ socketPath: '/a', host: 'tcp://b' }),
      { code: 'INVALID_OPTION', says: ['socketPath', 'host'] },
    ],
  ]
  test.each(rows)('%s', async (_name, options, expected) => {
    const given = { env: {}, ...(await options()) }
    await refused(() => DockerHarness.connect(given), expected)
    expect((await DockerHarness.doctor(given)).level).toBe('error')
  })

  test('a socket that may not be opened', async () => {
    const socketPath = join(folder, 'closed.sock')
    await listening(
      createServer(() => {}),
      socketPath,
    )
    await chmod(socketPath, 0)
    await chmod(folder, 0o755)
    // Root may open everything, so for a moment we are nobody.
    const isRoot = process.geteuid?.() === 0
    if (isRoot) process.seteuid?.(65_534)
    try {
      await refused(() => DockerHarness.connect({ socketPath, env: {} }), {
        code: 'ENGINE_PERMISSION_DENIED',
        says: [socketPath],
      })
    } finally {
      if (isRoot) process.seteuid?.(0)
    }
  })
})

describe('creating and starting', () => {
  type Create = (row: string, options?: Parameters<typeof testContainer>[1]) => Promise<Container>
  const rows: [string, (create: Create, row: string) => Promise<unknown>, Expected][] = [
    [
      'an image that does not exist, policy never',
      (create, row) => create(row, { image: 'anyon-nothing:1', pullPolicy: 'never' }),
      { code: 'IMAGE_NOT_FOUND', says: ['anyon-nothing:1'] },
    ],
    [
      'an image that cannot be pulled',
      (create, row) => create(row, { image: 'localhost:1/anyon-nothing:1', pullPolicy: 'missing' }),
      { code: 'PULL_FAILED', says: ['localhost:1/anyon-nothing:1'] },
    ],
    [
      'an architecture without a supervisor',
      async (create, row) =>
        create(row, { image: await loadImage({ architecture: 'riscv64' }), init: 'supervisor' }),
      { code: 'SUPERVISOR_UNAVAILABLE', says: ['riscv64'] },
    ],
    [
      'an invalid name',
      (create, row) => create(row, { name: 'a/b' }),
      { code: 'INVALID_OPTION', says: ['create.name', 'letter', '"a/b"'] },
    ],
    [
      'memory below the engine’s minimum',
      (create, row) => create(row, { limits: { memoryBytes: 4_000_000 } }),
      { code: 'INVALID_OPTION', says: ['memoryBytes', '6291456', '4000000'] },
    ],
    [
      'a network that does not exist',
      async (create, row) => (await create(row, { network: 'anyon-no-network' })).start(),
      { code: 'NETWORK_NOT_FOUND', says: ['anyon-no-network'] },
    ],
    [
      'a mount whose source is missing',
      async (create, row) => {
        const mounts = [{ type: 'bind' as const, source: '/nonexistent/project', target: '/workspace' }]
        await (await create(row, { mounts })).start()
      },
      { code: 'MOUNT_SOURCE_MISSING', says: ['/nonexistent/project'] },
    ],
    [
      'a program that does not exist',
      async (create, row) => (await create(row, { command: ['no-such-program'], init: 'none' })).start(),
      { code: 'START_FAILED', says: ['no-such-program'] },
    ],
    [
      'a runtime that the engine does not know',
      async (create, row) => (await create(row, { runtime: 'anyon-no-runtime' })).start(),
      { code: 'INVALID_OPTION', says: ['anyon-no-runtime'] },
    ],
  ]
  test.each(rows)('%s: nothing is left', async (row, act, expected) => {
    const harness = await testHarness()
    const label = row.replaceAll(/\W/g, '-')
    const create: Create = (_row, options) => testContainer(harness, { ...options, labels: { row: label } })
    await refused(() => act(create, label), expected)
    expect(await leftOf(label)).toEqual([])
  })

  test('a name that is taken: the one who has it keeps it', async () => {
    const harness = await testHarness()
    const name = uniqueName('taken')
    const first = await testContainer(harness, { name })
    await refused(() => testContainer(harness, { name }), { code: 'NAME_TAKEN', says: [name] })
    expect((await harness.container(name).inspect()).id).toBe(first.id)
  })

  test('a port that is taken: nothing is left', async () => {
    const harness = await testHarness()
    const options = { command: ['sleep', '600'], network: 'bridge' }
    const first = await testContainer(harness, { ...options, ports: [{ containerPort: 80 }] })
    await first.start()
    const hostPort = (await first.inspect()).ports[0]?.hostPort ?? 0
    const second = await testContainer(harness, {
      ...options,
      ports: [{ containerPort: 80, hostPort }],
      labels: { row: 'port' },
    })
    await refused(() => second.start(), { code: 'PORT_TAKEN', says: [String(hostPort)] })
    expect(await leftOf('port')).toEqual([])
  })

  test('a port to be published from an internal network: nothing is left', async () => {
    const harness = await testHarness()
    const network = uniqueName('internal')
    const body = { Name: network, Internal: true, Labels: testLabels() }
    expect((await engineRequest('POST', '/networks/create', body)).status).toBe(201)
    onTestFinished(async () => void (await engineRequest('DELETE', `/networks/${network}`)))
    const options = { network, labels: { row: 'internal' }, ports: [{ containerPort: 80 }] }
    await refused(() => testContainer(harness, options), {
      code: 'INVALID_OPTION',
      says: ['create.ports', network, 'internal', '80'],
    })
    expect(await leftOf('internal')).toEqual([])
  })
})

describe('waiting', () => {
  test('a container that is not there', async () => {
    const harness = await testHarness()
    await refused(() => harness.container('anyon-nobody').wait(), {
      code: 'CONTAINER_NOT_FOUND',
      says: ['anyon-nobody'],
    })
  })

  test('a container that is removed while we wait: the exit says so', async () => {
    const harness = await testHarness()
    const container = await testContainer(harness, { command: ['sleep', '600'] })
    await container.start()
    const waiting = container.wait()
    await engineRequest('DELETE', `/containers/${container.id}?force=1`)
    expect(await waiting).toMatchObject({ reason: 'removed', succeeded: false })
  })

  test('an engine that is stopped while we wait, and does not come back', async () => {
    const engine = await startPrivateEngine()
    onTestFinished(() => engine.close())
    const harness = await DockerHarness.connect({ host: engine.endpoint, env: {}, reconnectMs: 1_000 })
    onTestFinished(() => harness.close())
    const options = { image: BUSYBOX_IMAGE, network: 'none', command: ['sleep', '600'], labels: testLabels() }
    const container = await harness.create(options)
    await container.start()
    const waiting = container.wait()
    await engine.kill()
    await refused(() => waiting, { code: 'EXIT_UNKNOWN', says: [container.id, '1000 ms'] })
    await refused(() => container.inspect(), { code: 'ENGINE_UNREACHABLE', says: [engine.endpoint.slice(7)] })
  }, 60_000)
})

describe('files', () => {
  test('upload to a missing folder', async () => {
    const harness = await testHarness()
    const container = await testContainer(harness)
    await refused(() => container.upload('/no/such/folder', [{ path: 'a', content: 'x' }]), {
      code: 'PATH_NOT_FOUND',
      says: ['/no/such/folder'],
    })
  })

  const malicious: [string, Parameters<ReturnType<typeof pack>['entry']>[0]][] = [
    ['an absolute path', { name: '/evil' }],
    ['a path through ..', { name: '../evil' }],
    ['a symbolic link that leaves', { name: 'evil', type: 'symlink', linkname: '../../evil' }],
    ['an absolute symbolic link', { name: 'evil', type: 'symlink', linkname: '/etc/passwd' }],
    ['a hard link that leaves', { name: 'evil', type: 'link', linkname: '../evil' }],
    ['a device', { name: 'evil', type: 'character-device', devmajor: 1, devminor: 3 }],
  ]
  test.each(malicious)('a tar on download with %s: nothing is written', async (_name, header) => {
    const harness = await testHarness()
    // A tmpfs can only be read by the container's own tar, which is the container's to choose.
    const container = await testContainer(harness, { command: ['sleep', '600'], tmpfs: [{ target: '/out' }] })
    await container.start()
    await container.upload('/', [
      { path: 'evil.tar', content: await tarOf(header) },
      { path: 'bin/tar', content: '#!/bin/sh\ncat /evil.tar\n', mode: 0o755 },
    ])
    const target = join(folder, 'inner', 'target')
    await mkdir(join(folder, 'inner'), { recursive: true })
    await refused(() => container.downloadTo('/out', target), { code: 'ARCHIVE_UNSAFE', says: ['evil'] })
    expect(await readdir(join(folder, 'inner'))).toEqual([])
    expect(await readdir(folder)).not.toContain('evil')
  })
})

async function tarOf(header: Parameters<ReturnType<typeof pack>['entry']>[0]): Promise<Uint8Array> {
  const tar = pack()
  tar.entry({ name: 'out/', type: 'directory' })
  if (header.type) tar.entry({ ...header, name: `out/${header.name}` })
  else
    tar.entry({ ...header, name: header.name.startsWith('/') ? header.name : `out/../${header.name}` }, 'x')
  tar.finalize()
  const chunks: Uint8Array[] = []
  for await (const chunk of tar) chunks.push(chunk as Uint8Array)
  return Buffer.concat(chunks)
}

test('a build that fails at a step: the step, its last lines, and no image', async () => {
  const harness = await testHarness()
  const context = join(folder, 'context')
  await mkdir(context)
  await writeFile(
    join(context, 'Dockerfile'),
    `FROM ${BUSYBOX_IMAGE}\nRUN echo before\nRUN echo why; exit 3\n`,
  )
  const name = uniqueName('anyon-bad-build')
  await refused(() => harness.images.ensure(name, { build: context }), {
    code: 'BUILD_FAILED',
    says: [name, 'echo why; exit 3', '3'],
  })
  expect(await harness.images.exists(name)).toBe(false)
})

test('the engine of the tests is the one that was asked for', async () => {
  expect((await testHarness()).engine.address).toBe(testEndpoint())
})
