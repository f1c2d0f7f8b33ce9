import { expect, onTestFinished, test } from 'vitest'
import { connectEngine } from '../../src/engine/connect-engine.js'
import type { Container } from '../../src/harness/container.js'
import { DockerHarness } from '../../src/harness/docker-harness.js'
import { uniqueName } from '../../src/model/unique-name.js'
import {
  BUSYBOX_IMAGE,
  engineRequest,
  startPrivateEngine,
  testEndpoint,
  testLabels,
} from '../support/engine.js'
import { startFaultProxy } from '../support/fault-proxy.js'
import { rawInspect, removeByEngine, sh, testContainer, testHarness } from '../support/harness.js'

/** Says when its signals have their meaning; one that comes before is lost on a process 1. */
const SLEEPER = sh('echo ready; exec sleep 600')

/** Starts one whose script says `ready` once it can be signalled. */
async function startReady(container: Container): Promise<void> {
  await using attached = await container.attach()
  await container.start()
  for await (const chunk of attached.stdout) if (String(chunk).includes('ready')) return
}

/** A harness, and whether the engine was asked to wait for a container of it. */
async function watchedHarness() {
  const proxy = await startFaultProxy(testEndpoint())
  onTestFinished(() => proxy.close())
  const harness = await testHarness({ endpoint: proxy.endpoint })
  const isAwaited = ({ id }: Container) =>
    expect.poll(() => proxy.requests, { interval: 5 }).toContainEqual(expect.stringContaining(`/${id}/wait`))
  return { harness, isAwaited }
}

test.each([
  ['0', { reason: 'exited', code: 0, succeeded: true }],
  ['7', { reason: 'exited', code: 7, succeeded: false, wasSignaled: false }],
  ['137', { reason: 'exited', code: 137, possibleSignal: 'SIGKILL', wasSignaled: false }],
  ['143', { reason: 'exited', code: 143, possibleSignal: 'SIGTERM' }],
  ['255', { reason: 'exited', code: 255 }],
])('exit %s is a value, with its times', async (code, expected) => {
  const harness = await testHarness()
  const container = await testContainer(harness, sh(`exit ${code}`))
  await container.start()
  const exit = await container.wait()
  expect(exit).toMatchObject({ ...expected, source: 'wait', oomKilled: false })
  expect(exit.requested).toBeUndefined()
  const took = Number(exit.finishedAt) - Number(exit.startedAt)
  expect(took).toBeGreaterThan(-1_000)
  expect(took).toBeLessThan(10_000)
  expect(JSON.parse(JSON.stringify(exit))).toMatchObject({ code: Number(code) })
})

test('the shortest runs are never missed, nor mistaken for the one before', async () => {
  const harness = await testHarness()
  const container = await testContainer(harness, { command: ['true'] })
  let last = new Date(0)
  for (let run = 0; run < 10; run++) {
    await container.start()
    const exit = await container.wait()
    expect(exit).toMatchObject({ reason: 'exited', code: 0 })
    expect(Number(exit.startedAt)).toBeGreaterThan(Number(last))
    last = exit.startedAt ?? last
  }
})

test('stop, kill and removal are told apart from codes that look the same', async () => {
  const harness = await testHarness()
  const stopped = await testContainer(harness, SLEEPER)
  await startReady(stopped)
  await stopped.stop()
  expect(await stopped.wait()).toMatchObject({
    reason: 'signaled',
    code: 143,
    signal: 'SIGTERM',
    requested: 'stop',
  })

  const handled = await testContainer(harness, {
    ...sh("trap 'exit 0' TERM; echo ready; while :; do sleep 0.05; done"),
    init: 'none',
  })
  await startReady(handled)
  await handled.stop()
  expect(await handled.wait()).toMatchObject({
    reason: 'exited',
    code: 0,
    requested: 'stop',
    succeeded: true,
  })

  const killed = await testContainer(harness, SLEEPER)
  await killed.start()
  await killed.kill()
  expect(await killed.wait()).toMatchObject({
    reason: 'signaled',
    code: 137,
    signal: 'SIGKILL',
    requested: 'kill',
  })

  const byOthers = await testContainer(harness, SLEEPER)
  await byOthers.start()
  const waiting = byOthers.wait()
  await engineRequest('POST', `/containers/${byOthers.id}/kill`)
  expect(await waiting).toMatchObject({
    reason: 'exited',
    code: 137,
    possibleSignal: 'SIGKILL',
    wasSignaled: false,
  })
})

test('what was asked by name counts for who waits by id', async () => {
  const harness = await testHarness()
  const name = uniqueName('asked')
  const container = await testContainer(harness, { ...SLEEPER, name })
  await startReady(container)
  await harness.container(name).kill('SIGTERM')
  expect(await harness.container(container.id.slice(0, 12)).wait()).toMatchObject({
    signal: 'SIGTERM',
    requested: 'kill',
  })
})

test('an end that was over before anybody waited is read from inspect', async () => {
  const harness = await testHarness()
  const container = await testContainer(harness, sh('exit 9'))
  await container.start()
  await container.wait()
  expect(await harness.container(container.id).wait()).toMatchObject({
    reason: 'exited',
    code: 9,
    source: 'inspect',
  })
})

test('a main process that cannot be found: START_FAILED, a startFailed exit, nothing left', async () => {
  const harness = await testHarness()
  const container = await testContainer(harness, { command: ['no-such-program'], init: 'none' })
  await expect(container.start()).rejects.toMatchObject({
    code: 'START_FAILED',
    message: expect.stringMatching(/no-such-program/) as string,
  })
  const exit = await container.wait()
  expect(exit).toMatchObject({ reason: 'startFailed', succeeded: false })
  expect(exit.errorText).toContain('no-such-program')
  expect((await rawInspect(container.id)).there).toBe(false)
})

test('a failed start of others’ making is read from inspect, and never a 0', async () => {
  const harness = await testHarness()
  const { id } = await testContainer(harness, { command: ['no-such-program'], init: 'none' })
  expect((await engineRequest('POST', `/containers/${id}/start`)).status).toBeGreaterThanOrEqual(400)
  expect(await harness.container(id).wait()).toMatchObject({
    reason: 'startFailed',
    code: 127,
    source: 'inspect',
  })
})

test('waiting for one that was never started waits for its first run', async () => {
  const { harness, isAwaited } = await watchedHarness()
  const container = await testContainer(harness, sh('exit 6'))
  const waiting = harness.container(container.id).wait()
  await isAwaited(container) // not an answer to be had early: `not-running` holds now
  await container.start()
  expect(await waiting).toMatchObject({ reason: 'exited', code: 6 })
})

test('a run that somebody else began since is waited for, not remembered away', async () => {
  const harness = await testHarness()
  const container = await testContainer(harness, { command: ['sleep', '600'] })
  await container.start()
  await container.kill()
  const first = await container.wait()
  expect(await container.wait()).toEqual(first)
  await engineRequest('POST', `/containers/${container.id}/start`)
  const waiting = container.wait()
  await engineRequest('POST', `/containers/${container.id}/kill`)
  expect((await waiting).code).toBe(137)
})

test('out of memory, as far as the engine can be believed', async () => {
  const harness = await testHarness()
  const container = await testContainer(harness, {
    ...sh('tail /dev/zero'),
    init: 'none',
    limits: { memoryBytes: 16 * 1024 ** 2 },
  })
  await container.start()
  expect(await container.wait()).toMatchObject({
    reason: 'oom',
    code: 137,
    oomKilled: true,
    wasSignaled: true,
  })
})

test('out of memory when the engine’s flag was overtaken by the exit: its event tells', async () => {
  const engine = await connectEngine({ host: testEndpoint(), env: {} })
  const inspectContainer: typeof engine.inspectContainer = async (...call) => {
    const found = await engine.inspectContainer(...call)
    return { ...found, state: { ...found.state, oomKilled: false } }
  }
  const harness = new DockerHarness({ ...engine, inspectContainer })
  onTestFinished(() => harness.close())
  const container = await testContainer(harness, {
    ...sh('tail /dev/zero'),
    init: 'none',
    limits: { memoryBytes: 16 * 1024 ** 2 },
  })
  await container.start()
  expect(await container.wait()).toMatchObject({ reason: 'oom', code: 137, oomKilled: true })
})

test('removed while we wait: running, and never started', async () => {
  const { harness, isAwaited } = await watchedHarness()
  const running = await testContainer(harness, { command: ['sleep', '600'] })
  await running.start()
  const created = await testContainer(harness)
  const waits = [running.wait(), harness.container(running.id).wait(), created.wait()]
  await Promise.all([isAwaited(running), isAwaited(created)])
  await removeByEngine(running.id)
  await removeByEngine(created.id)
  const [first, second, third] = await Promise.all(waits)
  expect(first).toMatchObject({ reason: 'removed', code: 137, possibleSignal: 'SIGKILL' })
  expect(second).toMatchObject({ reason: 'removed', code: 137 })
  expect(third).toMatchObject({ reason: 'removed', source: 'inspect', succeeded: false })
  expect(third).not.toHaveProperty('code')
  expect(first).not.toHaveProperty('requested')
  await expect(harness.container(running.id).wait()).rejects.toMatchObject({ code: 'CONTAINER_NOT_FOUND' })
})

test('removed by ourselves, by force', async () => {
  const harness = await testHarness()
  const container = await testContainer(harness, { command: ['sleep', '600'] })
  await container.start()
  const waiting = container.wait()
  await container.remove({ force: true })
  expect(await waiting).toMatchObject({ reason: 'removed', requested: 'remove' })
})

test('an abort ends that wait alone', async () => {
  const harness = await testHarness()
  const container = await testContainer(harness, sh('sleep 1; exit 2'))
  await container.start()
  const controller = new AbortController()
  const [given, kept] = [container.wait({ signal: controller.signal }), container.wait()]
  controller.abort()
  await expect(given).rejects.toMatchObject({ code: 'ABORTED' })
  expect(await kept).toMatchObject({ code: 2 })
})

test('two hundred waits at once, and other calls go through', async () => {
  const harness = await testHarness()
  const container = await testContainer(harness, { command: ['sleep', '600'] })
  await container.start()
  const waits = Array.from({ length: 200 }, () => harness.container(container.id).wait())
  expect((await container.inspect()).state.running).toBe(true)
  await container.kill()
  const exits = await Promise.all(waits)
  expect(new Set(exits.map(({ code, signal }) => `${code} ${signal}`))).toEqual(new Set(['137 SIGKILL']))
})

const WAIT = /\/wait\?/

test('a wait whose connection is cut goes on, however often', async () => {
  const proxy = await startFaultProxy(testEndpoint())
  onTestFinished(() => proxy.close())
  const harness = await testHarness({ endpoint: proxy.endpoint })
  const container = await testContainer(harness, {
    ...sh("trap 'exit 3' TERM; echo ready; while :; do sleep 0.05; done"),
    init: 'none',
  })
  await startReady(container)
  const waiting = container.wait()
  for (let cuts = 0; cuts < 3; cuts++) {
    await expect.poll(() => proxy.cut(WAIT)).toBe(1)
  }
  await expect.poll(() => proxy.requests.filter((line) => WAIT.test(line))).toHaveLength(4)
  await engineRequest('POST', `/containers/${container.id}/kill?signal=TERM`)
  expect(await waiting).toMatchObject({ reason: 'exited', code: 3, source: 'wait' })
})

test('an end during the loss is read from inspect', async () => {
  const proxy = await startFaultProxy(testEndpoint())
  onTestFinished(() => proxy.close())
  const harness = await testHarness({ endpoint: proxy.endpoint })
  const container = await testContainer(harness, SLEEPER)
  await startReady(container)
  const waiting = container.wait()
  proxy.faults = { refuseConnections: true }
  proxy.cut()
  await engineRequest('POST', `/containers/${container.id}/kill?signal=TERM`)
  await engineRequest('POST', `/containers/${container.id}/wait?condition=not-running`)
  proxy.faults = {}
  expect(await waiting).toMatchObject({
    reason: 'exited',
    code: 143,
    source: 'inspect',
    possibleSignal: 'SIGTERM',
  })
})

test('an end and a removal during the loss is read from the die event', async () => {
  const proxy = await startFaultProxy(testEndpoint())
  onTestFinished(() => proxy.close())
  const harness = await testHarness({ endpoint: proxy.endpoint })
  const container = await testContainer(harness, {
    ...sh('trap "exit 3" TERM; echo ready; while :; do sleep 0.05; done'),
    init: 'none',
  })
  await startReady(container)
  const waiting = container.wait()
  proxy.faults = { refuseConnections: true }
  proxy.cut()
  await engineRequest('POST', `/containers/${container.id}/stop?t=5`)
  await removeByEngine(container.id)
  proxy.faults = {}
  expect(await waiting).toMatchObject({ reason: 'exited', code: 3, source: 'event', oomKilled: 'unknown' })
})

test('an end and another start during the loss is read from the die event', async () => {
  const proxy = await startFaultProxy(testEndpoint())
  onTestFinished(() => proxy.close())
  const harness = await testHarness({ endpoint: proxy.endpoint })
  const container = await testContainer(harness, SLEEPER)
  await startReady(container)
  const waiting = harness.container(container.id).wait()
  await expect.poll(() => proxy.requests.filter((line) => WAIT.test(line))).toHaveLength(2)
  proxy.faults = { refuseConnections: true }
  proxy.cut()
  await engineRequest('POST', `/containers/${container.id}/restart?t=5`)
  proxy.faults = {}
  expect(await waiting).toMatchObject({ reason: 'exited', code: 143, source: 'event' })
})

test('an engine that stays away: EXIT_UNKNOWN, after the time that was given', async () => {
  const proxy = await startFaultProxy(testEndpoint())
  onTestFinished(() => proxy.close())
  const harness = await testHarness({ endpoint: proxy.endpoint, reconnectMs: 500 })
  const container = await testContainer(harness, { command: ['sleep', '600'] })
  await container.start()
  const waiting = container.wait()
  proxy.faults = { refuseConnections: true }
  proxy.cut()
  await expect(waiting).rejects.toMatchObject({
    code: 'EXIT_UNKNOWN',
    message: expect.stringContaining(container.id) as string,
    details: { container: container.id },
  })
  proxy.faults = {}
  await container.kill()
  expect(await container.wait()).toMatchObject({ signal: 'SIGKILL' })
})

test('an engine that is killed under us, and comes back', async () => {
  const engine = await startPrivateEngine()
  onTestFinished(() => engine.close())
  const harness = await DockerHarness.connect({ host: engine.endpoint, env: {} })
  onTestFinished(() => harness.close())
  const create = (): Promise<Container> =>
    harness.create({ image: BUSYBOX_IMAGE, network: 'none', command: ['sleep', '600'], labels: testLabels() })
  const [running, stopped] = await Promise.all([create(), create()])
  await Promise.all([running.start(), stopped.start()])
  const waits = Promise.all([running.wait(), stopped.wait()])
  await engine.kill()
  await engine.start()
  const exits = await waits
  // The engine ends what it finds running when it comes back.
  for (const exit of exits) {
    expect(exit).toMatchObject({ reason: 'exited', code: 143, possibleSignal: 'SIGTERM', source: 'inspect' })
    expect(exit.requested).toBeUndefined()
  }
}, 60_000)
