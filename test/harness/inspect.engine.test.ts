import { expect, onTestFinished, test } from 'vitest'
import { DockerHarness } from '../../src/harness/docker-harness.js'
import { engineRequest, testEndpoint } from '../support/engine.js'
import { startFaultProxy } from '../support/fault-proxy.js'
import { rawInspect, testContainer, testHarness } from '../support/harness.js'

const MIB = 1024 ** 2

test.each([
  ['read by this machine', 'unix'],
  ['read in the container, for an engine elsewhere', 'tcp'],
] as const)('limits as the kernel enforces them, %s', async (_how, transport) => {
  const proxy = await startFaultProxy(testEndpoint(), {}, transport)
  onTestFinished(() => proxy.close())
  const harness = await testHarness({ endpoint: proxy.endpoint })
  const container = await testContainer(harness, {
    command: ['sleep', '600'],
    limits: { cpus: 0.5, memoryBytes: 64 * MIB, pids: 40 },
  })
  await expect(container.enforcedLimits()).rejects.toMatchObject({ code: 'CONTAINER_STATE' })
  await container.start()
  expect(await container.enforcedLimits()).toMatchObject({
    memoryBytes: { asked: 64 * MIB, enforced: 64 * MIB, holds: true },
    cpus: { asked: 0.5, enforced: 0.5, holds: true },
    pids: { asked: 40, enforced: 40, holds: true },
  })
  expect(proxy.requests.some((line) => /\/exec\/\w+\/start/.test(line))).toBe(transport === 'tcp')
})

test('without limits the kernel enforces none', async () => {
  const harness = await testHarness()
  const container = await testContainer(harness, { command: ['sleep', '600'] })
  await container.start()
  const none = { asked: 'unlimited', enforced: 'unlimited', holds: true }
  expect(await container.enforcedLimits()).toMatchObject({ memoryBytes: none, cpus: none, pids: none })
})

test('doctor tells what the engine is, and what it cannot do', async () => {
  const harness = await testHarness()
  const report = await harness.doctor()
  const { body } = await engineRequest('GET', '/version')
  const engine = report.findings.find(({ id }) => id === 'engine')
  expect(engine?.message).toContain((body as { Version: string }).Version)
  expect(report.address).toBe(harness.engine.address)
  const ids = report.findings.map(({ id }) => id)
  for (const id of ['advisories', 'cgroups', 'storage', 'quota', 'disk', 'clock', 'runtimes', 'supervisor']) {
    expect(ids).toContain(id)
  }
  expect(report.findings.find(({ id }) => id === 'disk')?.message).toMatch(/GiB free of/)
  expect(String(report)).toContain('Container engine: unix://')
})

test('doctor works without an engine, and says what to type', async () => {
  const env = {
    HOME: '/nonexistent',
    XDG_RUNTIME_DIR: '/nonexistent',
    DOCKER_HOST: 'unix:///nonexistent/docker.sock',
  }
  const report = await DockerHarness.doctor({ env })
  expect(report).toMatchObject({ address: undefined, level: 'error' })
  expect(report.findings[0]).toMatchObject({
    id: 'engine',
    message: expect.stringContaining('/nonexistent/docker.sock') as string,
  })
  expect(report.findings[0]?.advice).toBeTruthy()
  const there = await DockerHarness.doctor({ host: testEndpoint(), env: {} })
  expect(there.address).toBe(testEndpoint())
})

test('doctor of an engine that went away is a finding', async () => {
  const proxy = await startFaultProxy(testEndpoint())
  onTestFinished(() => proxy.close())
  const harness = await testHarness({ endpoint: proxy.endpoint })
  proxy.faults = { refuseConnections: true }
  proxy.cut()
  expect(await harness.doctor()).toMatchObject({ level: 'error' })
})

test('inspect is plain data that says what the engine says', async () => {
  const harness = await testHarness()
  const container = await testContainer(harness, {
    command: ['sleep', '1'],
    env: { A: 'b' },
    cwd: '/tmp',
    user: '65534',
  })
  const inspection = await container.inspect()
  const raw = await rawInspect(container.id)
  expect(inspection).toMatchObject({
    id: raw.Id,
    state: { status: 'created', running: false },
    config: { user: '65534', workingDir: '/tmp', command: ['sleep', '1'] },
  })
  expect(inspection.config.env).toContain('A=b')
  expect(inspection.state).not.toHaveProperty('startedAt')
  expect(JSON.parse(JSON.stringify(inspection))).toMatchObject({ id: raw.Id })
})
