import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { connectEngine } from '../../src/engine/connect-engine.js'
import type { ContainerEngine } from '../../src/engine/container-engine.js'
import type { CreateRequest } from '../../src/engine/engine-types.js'
import { engineRequest, testEndpoint, testLabels } from '../support/engine.js'
import { createRequest } from '../support/create-request.js'

let engine: ContainerEngine
const made: string[] = []

beforeAll(async () => {
  engine = await connectEngine({ host: testEndpoint() })
})
afterEach(async () => {
  await Promise.all(made.splice(0).map((id) => engine.removeContainer(id, { force: true, volumes: true })))
})
afterAll(() => engine.close())

async function create(given?: Partial<CreateRequest>): Promise<string> {
  const { id } = await engine.createContainer(createRequest(given))
  made.push(id)
  return id
}

async function stateOf(id: string): Promise<{ Status: string; ExitCode: number }> {
  const { body } = await engineRequest('GET', `/containers/${id}/json`)
  return (body as { State: { Status: string; ExitCode: number } }).State
}

test('says what and where it is', async () => {
  expect(engine.address).toBe(testEndpoint())
  expect(engine.apiVersion).toMatch(/^1\.4\d$/)
  await engine.ping()
  const [version, info] = await Promise.all([engine.version(), engine.info()])
  expect(version).toMatchObject({ os: 'linux', product: expect.stringMatching(/docker|podman/) as string })
  expect(info.cpus).toBeGreaterThan(0)
  expect(info.runtimes).toContain(info.defaultRuntime)
  expect(Math.abs(info.systemTime.getTime() - Date.now())).toBeLessThan(60_000)
})

test('leads a container through its life, and every step taken twice is no error', async () => {
  const id = await create({ env: { A: 'b=c' }, workingDir: '/tmp' })
  expect(await stateOf(id)).toMatchObject({ Status: 'created' })
  expect([await engine.startContainer(id), await engine.startContainer(id)]).toEqual([true, false])
  expect(await stateOf(id)).toMatchObject({ Status: 'running' })
  await engine.pauseContainer(id)
  expect(await stateOf(id)).toMatchObject({ Status: 'paused' })
  await engine.unpauseContainer(id)
  await engine.restartContainer(id, 1000)
  expect(await stateOf(id)).toMatchObject({ Status: 'running' })
  const { processes } = await engine.containerTop(id)
  expect(processes.flat().join(' ')).toContain('sleep 600')
  expect([await engine.stopContainer(id, 1000), await engine.stopContainer(id, 1000)]).toEqual([true, false])
  expect(await stateOf(id)).toMatchObject({ Status: 'exited', ExitCode: 143 })
  await engine.removeContainer(id, { force: false, volumes: true })
  await engine.removeContainer(id, { force: false, volumes: true })
  expect((await engineRequest('GET', `/containers/${id}/json`)).status).toBe(404)
})

test('reads back what was asked for', async () => {
  const request = createRequest({
    env: { A: 'b=c' },
    workingDir: '/tmp',
    user: '65534:65534',
    readOnlyRoot: true,
    memoryBytes: 64 * 1024 * 1024,
    cpus: 0.5,
    pids: 50,
    mounts: [
      { type: 'tmpfs', target: '/fast', sizeBytes: 1024 * 1024 },
      { type: 'tmpfs', target: '/safe', mode: 0o700, options: 'noexec,nosuid' },
      { type: 'bind', source: '/tmp', target: '/host', readOnly: true },
    ],
  })
  const { id } = await engine.createContainer(request)
  made.push(id)
  await engine.startContainer(id)
  const found = await engine.inspectContainer(id)
  expect(found).toMatchObject({
    id,
    name: request.name,
    image: request.image,
    state: { status: 'running', running: true, paused: false, oomKilled: false },
    config: { user: '65534:65534', workingDir: '/tmp', terminal: false, command: ['sleep', '600'] },
    host: {
      readOnlyRoot: true,
      autoRemove: false,
      restartPolicy: 'no',
      networkMode: 'none',
      logDriver: 'json-file',
      init: true,
      memoryBytes: 64 * 1024 * 1024,
      nanoCpus: 5e8,
      pids: 50,
      tmpfs: { '/safe': 'noexec,nosuid,mode=700' },
    },
  })
  expect(found.config.env).toContain('A=b=c')
  expect(found.state.startedAt?.getTime()).toBeGreaterThan(Date.now() - 60_000)
  expect(found.state.finishedAt).toBeUndefined()
  expect(found.mounts).toContainEqual({ type: 'bind', source: '/tmp', target: '/host', readOnly: true })
  expect(found.mounts).toContainEqual({ type: 'tmpfs', source: '', target: '/fast', readOnly: false })
  const listed = await engine.listContainers({
    all: true,
    labels: Object.entries(testLabels()).map((l) => l.join('=')),
  })
  expect(listed).toContainEqual(expect.objectContaining({ id, name: request.name, state: 'running' }))
})

test('a wait that is armed before the start tells how the container ended', async () => {
  const id = await create({ command: ['sh', '-c', 'exit 7'] })
  const wait = await engine.waitContainer(id, 'next-exit')
  await engine.startContainer(id)
  expect(await wait.result).toEqual({ statusCode: 7 })
})
