import { expect, onTestFinished, test } from 'vitest'
import type { HarnessEvent } from '../../src/events/engine-occurrence.js'
import type { DockerHarness } from '../../src/harness/docker-harness.js'
import type { EventsOptions } from '../../src/harness/watch-events.js'
import { engineRequest, testEndpoint } from '../support/engine.js'
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.js'
import { removeByEngine, sh, testContainer, testHarness } from '../support/harness.js'

const EVENTS = /\/events\?/

/** Reads in the background. Resolves once the stream is open, so that whatever comes next must be told. */
async function listen(harness: DockerHarness, proxy: FaultProxy | undefined, options: EventsOptions = {}) {
  const told: HarnessEvent[] = []
  const events = harness.events(options)
  const done = (async () => {
    for await (const event of events) told.push(event)
  })()
  done.catch(() => {})
  if (proxy) await expect.poll(() => proxy.requests).toContainEqual(expect.stringMatching(EVENTS))
  const actions = (id: string): string[] =>
    told.flatMap((event) =>
      event.kind === 'gap'
        ? [`gap: ${event.cause}`]
        : event.id === id
          ? [`${event.action}${event.exitCode === undefined ? '' : ` ${event.exitCode}`}`]
          : [],
    )
  return { told, actions, done, events }
}

async function throughProxy(): Promise<{ proxy: FaultProxy; harness: DockerHarness }> {
  const proxy = await startFaultProxy(testEndpoint())
  onTestFinished(() => proxy.close())
  return { proxy, harness: await testHarness({ endpoint: proxy.endpoint }) }
}

const lifeOf = ['create', 'start', 'die 5', 'destroy']

test('a container’s life, in order, shared by all subscribers over one stream', async () => {
  const { proxy, harness } = await throughProxy()
  const first = await listen(harness, proxy)
  const second = await listen(harness, proxy)
  const container = await testContainer(harness, sh('exit 5'))
  const other = await testContainer(harness)
  const mine = await listen(harness, proxy, { container: container.id })
  await container.start()
  await container.wait()
  await container.remove()
  await expect.poll(() => first.actions(container.id)).toContain('destroy')
  expect(first.actions(container.id)).toEqual(lifeOf)
  expect(second.actions(container.id)).toEqual(lifeOf)
  await expect.poll(() => mine.actions(container.id)).toContain('destroy')
  expect(mine.actions(container.id)).toEqual(lifeOf.slice(1))
  expect(mine.actions(other.id)).toEqual([])
  expect(proxy.requests.filter((line) => EVENTS.test(line))).toHaveLength(1)
  const died = first.told.find((event) => event.kind === 'event' && event.action === 'die')
  expect(Math.abs(Number(died?.kind === 'event' && died.at) - Date.now())).toBeLessThan(60_000)
})

test('a lost stream goes on where it was: nothing missed, nothing twice, no gap', async () => {
  const { proxy, harness } = await throughProxy()
  const told: string[] = []
  harness.on('engineLost', ({ error }) => told.push(error.code))
  harness.on('engineBack', ({ lostMs }) => told.push(`back after ${lostMs > 0}`))
  const { actions } = await listen(harness, proxy)
  const container = await testContainer(harness, { command: ['sleep', '600'] })
  await expect.poll(() => actions(container.id)).toContain('create')
  proxy.faults = { refuseConnections: true }
  proxy.cut()
  await engineRequest('POST', `/containers/${container.id}/start`)
  await engineRequest('POST', `/containers/${container.id}/kill`)
  await engineRequest('POST', `/containers/${container.id}/wait`)
  proxy.faults = {}
  await expect.poll(() => actions(container.id)).toContain('die 137')
  await engineRequest('POST', `/containers/${container.id}/start`)
  await expect.poll(() => actions(container.id).at(-1)).toBe('start')
  expect(actions(container.id)).toEqual(['create', 'start', 'kill', 'die 137', 'start'])
  expect(told).toEqual(['CONNECTION_LOST', 'back after true'])
})

test('a flood that the engine’s replay cannot hold: the gap is told, and what it hid is found by looking', async () => {
  const { proxy, harness } = await throughProxy()
  const { told, actions } = await listen(harness, proxy)
  const dies = await testContainer(harness, sh('exit 5'))
  const goes = await testContainer(harness)
  const stays = await testContainer(harness, { command: ['sleep', '600'] })
  await stays.start()
  await expect.poll(() => actions(stays.id)).toContain('start')
  proxy.faults = { refuseConnections: true }
  proxy.cut()
  await engineRequest('POST', `/containers/${dies.id}/start`)
  await engineRequest('POST', `/containers/${dies.id}/wait`)
  await removeByEngine(goes.id)
  // We do not even ask for these, but they push the others out of what the engine keeps.
  const exec = { Cmd: ['true'] }
  for (let round = 0; round < 15; round++) {
    const flood = Array.from({ length: 20 }, () =>
      engineRequest('POST', `/containers/${stays.id}/exec`, exec),
    )
    await Promise.all(flood)
  }
  proxy.faults = {}
  await expect.poll(() => actions(dies.id)).toContain('die 5')
  await expect.poll(() => actions(goes.id)).toContain('destroy')
  expect(actions(dies.id)).toEqual(['create', 'gap: disconnected', 'start', 'die 5'])
  expect(actions(goes.id)).toEqual(['create', 'gap: disconnected', 'destroy'])
  expect(actions(stays.id)).toEqual(['create', 'start', 'gap: disconnected'])
  const sources = told.flatMap((event) =>
    event.kind === 'event' && event.id === dies.id ? [event.source] : [],
  )
  expect(sources).toEqual(['engine', 'resync', 'resync'])
})

test('a reader that does not come is told what it missed; others miss nothing', async () => {
  const { proxy, harness } = await throughProxy()
  const container = await testContainer(harness)
  const slow = harness.events({ maxQueued: 5, container: container.id })
  const quick = await listen(harness, proxy)
  for (let count = 0; count < 20; count++) {
    await engineRequest('POST', `/containers/${container.id}/rename?name=anyon-slow-${process.pid}-${count}`)
  }
  await expect
    .poll(() => quick.actions(container.id).filter((action) => action === 'rename'))
    .toHaveLength(20)
  const seen: HarnessEvent[] = []
  for await (const event of slow) if (seen.push(event) === 6) break
  const renamed = { kind: 'event', action: 'rename' }
  expect(seen).toMatchObject([
    ...Array.from({ length: 5 }, () => renamed),
    { kind: 'gap', cause: 'overflow', dropped: 15 },
  ])
})

test('an abort ends the iteration with ABORTED; the last one to leave closes the stream', async () => {
  const { proxy, harness } = await throughProxy()
  const controller = new AbortController()
  const aborted = await listen(harness, proxy, { signal: controller.signal })
  const left = await listen(harness, proxy)
  controller.abort()
  await expect(aborted.done).rejects.toMatchObject({ code: 'ABORTED' })
  await left.events.return?.()
  await left.done
  const before = proxy.requests.length
  await expect.poll(() => proxy.open()).toBeLessThan(2)
  const again = await listen(harness, undefined)
  const streams = () => proxy.requests.slice(before).filter((line) => EVENTS.test(line))
  await expect.poll(streams).toHaveLength(1)
  const container = await testContainer(harness)
  await expect.poll(() => again.actions(container.id)).toContain('create')
  expect(streams()).toHaveLength(1)
})

test('options that break a rule are refused at once', async () => {
  const harness = await testHarness()
  for (const options of [{ maxQueued: 0 }, { types: 'container' }, { container: '' }, { filter: 1 }]) {
    expect(() => harness.events(options as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    )
  }
})
