import { expect, onTestFinished, test } from 'vitest'
import { uniqueName } from '../../src/model/unique-name.js'
import { BUSYBOX_IMAGE, testEndpoint, testLabels } from '../support/engine.js'
import { startFaultProxy } from '../support/fault-proxy.js'
import { rawInspect, removeByEngine, sh, testContainer, testHarness } from '../support/harness.js'

const IGNORES_TERM = sh("trap '' TERM; echo ready; while :; do sleep 1; done")

test('create, start, pause, resume, restart, stop, remove, as the engine sees it', async () => {
  const harness = await testHarness()
  const container = await testContainer(harness, { command: ['sleep', '600'] })
  const status = async (): Promise<string> => (await rawInspect(container.id)).State.Status
  expect(await status()).toBe('created')
  await container.start()
  expect(await status()).toBe('running')
  await container.pause()
  expect(await status()).toBe('paused')
  await container.resume()
  const before = (await rawInspect(container.id)).State.Pid
  await container.restart()
  expect((await rawInspect(container.id)).State.Pid).not.toBe(before)
  expect(await status()).toBe('running')
  await container.stop()
  expect(await status()).toBe('exited')
  await container.remove()
  expect((await rawInspect(container.id)).there).toBe(false)
})

test('what is stopped can be stopped, what is gone can be removed, what runs can be started', async () => {
  const harness = await testHarness()
  const container = await testContainer(harness, { command: ['sleep', '600'] })
  await container.stop()
  await container.start()
  await container.start()
  await container.stop()
  await container.stop()
  await Promise.all([1, 2, 3, 4].map(() => container.remove({ force: true })))
  await container.remove()
  await expect(container.inspect()).rejects.toMatchObject({ code: 'CONTAINER_NOT_FOUND' })
})

test('defaults: an init that reaps, a bounded log, no restart policy, never removed by the engine', async () => {
  const harness = await testHarness()
  const container = await testContainer(harness, { labels: { mine: 'yes' } })
  const { HostConfig, Config } = await rawInspect(container.id)
  expect(HostConfig).toMatchObject({ AutoRemove: false, RestartPolicy: { Name: 'no' }, Init: true })
  expect(HostConfig.LogConfig).toEqual({
    Type: 'json-file',
    Config: { 'max-size': '10000000', 'max-file': '3' },
  })
  expect(Config.Labels).toMatchObject({ mine: 'yes', 'anyon.managed': 'true', 'anyon.init': 'engine' })
})

test('a published port is on 127.0.0.1 alone, and reported', async () => {
  const harness = await testHarness()
  const container = await testContainer(harness, {
    command: ['sleep', '600'],
    network: 'bridge',
    ports: [{ containerPort: 80 }],
  })
  await container.start()
  const { ports } = await container.inspect()
  expect(ports).toEqual([
    { containerPort: 80, protocol: 'tcp', hostIp: '127.0.0.1', hostPort: expect.any(Number) as number },
  ])
  const { NetworkSettings } = await rawInspect(container.id)
  expect(NetworkSettings.Ports['80/tcp']).toEqual([
    { HostIp: '127.0.0.1', HostPort: String(ports[0]?.hostPort) },
  ])
})

test('stop gives one second, stopWithTimeout what is asked, and neither is an error', async () => {
  const harness = await testHarness()
  const container = await testContainer(harness, { ...IGNORES_TERM, init: 'none' })
  for (const [stop, least] of [
    [() => container.stop(), 900],
    [() => container.stopWithTimeout(2_000), 1_900],
  ] as const) {
    const attached = await container.attach({ nextRun: true })
    await container.start()
    for await (const chunk of attached.stdout) if (String(chunk).includes('ready')) break
    const began = performance.now()
    await stop()
    const took = performance.now() - began
    expect(took).toBeGreaterThan(least)
    // An engine that is told of no time waits for ten seconds.
    expect(took).toBeLessThan(9_000)
    expect(await container.wait()).toMatchObject({
      reason: 'signaled',
      code: 137,
      signal: 'SIGKILL',
      requested: 'stop',
    })
  }
})

test('kill sends any signal', async () => {
  const harness = await testHarness()
  const script = "trap 'echo got it; exit 5' USR1; echo ready; while :; do sleep 0.05; done"
  const container = await testContainer(harness, { ...sh(script), init: 'none' })
  const attached = await container.attach()
  await container.start()
  let seen = ''
  for await (const chunk of attached.stdout) {
    seen += String(chunk)
    if (seen.trim() === 'ready') await container.kill('SIGUSR1')
  }
  expect(seen).toBe('ready\ngot it\n')
  const exit = await container.wait()
  expect(exit).toMatchObject({ reason: 'exited', code: 5 })
  expect(exit.requested).toBeUndefined()
  await expect(container.kill()).rejects.toMatchObject({ code: 'CONTAINER_STATE' })
  await expect(container.kill('TERM' as never)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
})

test('attach before start misses nothing, and stdin has a real end', async () => {
  const harness = await testHarness()
  const container = await testContainer(harness, {
    ...sh('echo first; wc -c; echo last >&2'),
    openStdin: true,
  })
  const attached = await container.attach({ stdin: true })
  await container.start()
  attached.stdin.end('12345')
  const texts = [attached.stdout, attached.stderr].map(async (stream) => {
    let text = ''
    for await (const chunk of stream) text += String(chunk)
    return text
  })
  expect(await Promise.all(texts)).toEqual(['first\n5\n', 'last\n'])
  await container.wait()
  await expect(container.attach()).rejects.toMatchObject({ code: 'CONTAINER_STATE' })
})

test('disposing removes what was created, and only lets go of what was there', async () => {
  const harness = await testHarness()
  const container = await testContainer(harness, { command: ['sleep', '600'] })
  await container.start()
  {
    await using _same = harness.container(container.id)
  }
  expect((await rawInspect(container.id)).State.Status).toBe('running')
  await container[Symbol.asyncDispose]()
  expect((await rawInspect(container.id)).there).toBe(false)
  await container[Symbol.asyncDispose]()
})

test('a container of others is found by name, id and label', async () => {
  const harness = await testHarness()
  const name = uniqueName('found')
  const container = await testContainer(harness, { name, labels: { colour: 'green', size: '5' } })
  expect((await harness.container(name).inspect()).id).toBe(container.id)
  expect((await harness.container(container.id.slice(0, 12)).inspect()).name).toBe(name)
  const labels = { ...testLabels(), colour: 'green' }
  expect((await harness.list({ labels })).map(({ id }) => id)).toEqual([container.id])
  expect(await harness.list({ labels: ['colour=blue', 'size'] })).toEqual([])
  await expect(harness.container('nobody-has-this').start()).rejects.toMatchObject({
    code: 'CONTAINER_NOT_FOUND',
  })
})

test('what the harness did is told as typed events, in order', async () => {
  const harness = await testHarness()
  const told: string[] = []
  harness.on('containerCreated', ({ image }) => told.push(`created ${image}`))
  harness.on('containerStarted', () => told.push('started'))
  harness.on('containerExited', ({ exit }) => told.push(`exited ${exit.code}`))
  harness.on('containerRemoved', () => told.push('removed'))
  harness.on('containerStarted', () => {
    throw new Error('of a listener')
  })
  harness.on('listenerFailed', ({ event }) => told.push(`listener of ${event} failed`))
  const container = await testContainer(harness, sh('exit 4'))
  await container.start()
  await container.wait()
  await container.remove()
  expect(told).toEqual([
    `created ${BUSYBOX_IMAGE}`,
    'started',
    'listener of containerStarted failed',
    'exited 4',
    'removed',
  ])
})

test('an aborted call says so; an aborted creation leaves nothing', async () => {
  const harness = await testHarness()
  const name = uniqueName('aborted')
  const controller = new AbortController()
  const created = testContainer(harness, { name, signal: controller.signal })
  setImmediate(() => controller.abort())
  await expect(created).rejects.toMatchObject({ code: 'ABORTED' })
  expect((await rawInspect(name)).there).toBe(false)
  const container = await testContainer(harness)
  await expect(container.start({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' })
})

test('a closed harness answers with CLOSED, and ends those who wait', async () => {
  const harness = await testHarness()
  const container = await testContainer(harness, { command: ['sleep', '600'] })
  const events = harness.events({ container: container.id })
  const started = events.next()
  await container.start()
  expect((await started).value).toMatchObject({ action: 'start' })
  const hearing = events.next()
  const waiting = container.wait()
  const second = harness.container(container.id).wait()
  const listening = harness.events().next()
  await harness.close()
  await harness.close()
  await expect(waiting).rejects.toMatchObject({ code: 'CLOSED' })
  await expect(second).rejects.toMatchObject({ code: 'CLOSED' })
  expect(await listening).toEqual({ done: true, value: undefined })
  expect(await hearing).toEqual({ done: true, value: undefined })
  await expect(container.inspect()).rejects.toMatchObject({ code: 'CLOSED' })
  await expect(harness.list()).rejects.toMatchObject({ code: 'CLOSED' })
  expect(() => harness.events()).toThrow(expect.objectContaining({ code: 'CLOSED' }))
  expect((await rawInspect(container.id)).State.Status).toBe('running')
  await removeByEngine(container.id)
})

test('a creation whose answer is lost leaves nothing', async () => {
  const proxy = await startFaultProxy(testEndpoint())
  onTestFinished(() => proxy.close())
  const harness = await testHarness({ endpoint: proxy.endpoint })
  const name = uniqueName('lost')
  proxy.faults = { delayMs: 500 }
  const created = testContainer(harness, { name })
  created.catch(() => {})
  await expect.poll(async () => (await rawInspect(name)).there).toBe(true)
  proxy.faults = {}
  proxy.cut()
  await expect(created).rejects.toMatchObject({ retryable: true })
  expect((await rawInspect(name)).there).toBe(false)
})
