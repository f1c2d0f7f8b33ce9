import { getEventListeners } from 'node:events'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { connectEngine } from '../../src/engine/connect-engine.js'
import type { ArmedWait, ContainerEngine } from '../../src/engine/container-engine.js'
import type { CreateRequest } from '../../src/engine/engine-types.js'
import { testEndpoint } from '../support/engine.js'
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.js'
import { createRequest } from '../support/create-request.js'

let engine: ContainerEngine
let proxy: FaultProxy
let proxied: ContainerEngine
const made: string[] = []

beforeAll(async () => {
  engine = await connectEngine({ host: testEndpoint() })
  proxy = await startFaultProxy(testEndpoint())
  proxied = await connectEngine({ host: proxy.endpoint })
})
afterEach(async () => {
  proxy.faults = {}
  await Promise.all(made.splice(0).map((id) => engine.removeContainer(id, { force: true, volumes: true })))
})
afterAll(async () => {
  await Promise.all([engine.close(), proxied.close()])
  await proxy.close()
})

async function running(given?: Partial<CreateRequest>): Promise<string> {
  const { id } = await engine.createContainer(createRequest(given))
  made.push(id)
  await engine.startContainer(id)
  return id
}

test('200 waits of one signal leave room for every other call, and a kill settles them all', async () => {
  const id = await running()
  const { signal } = new AbortController()
  const arm = (): Promise<ArmedWait> => engine.waitContainer(id, 'not-running', { signal })
  const waits = await Promise.all(Array.from({ length: 200 }, arm))
  await engine.killContainer(id, 'SIGKILL')
  const results = await Promise.all(waits.map(({ result }) => result))
  expect(results).toEqual(Array.from({ length: 200 }, () => ({ statusCode: 137 })))
  await expect.poll(() => getEventListeners(signal, 'abort').length).toBe(0)
})

test('a wait whose connection is cut settles', async () => {
  const id = await running()
  const wait = await proxied.waitContainer(id, 'not-running')
  expect(proxy.cut(/\/wait\?/)).toBe(1)
  await expect(wait.result).rejects.toMatchObject({ code: 'CONNECTION_LOST', retryable: true })
})

test('a wait whose answer is cut in the middle settles', async () => {
  const id = await running()
  const headers = 200
  const wait = await proxied.waitContainer(id, 'not-running')
  proxy.faults = { only: /\/wait\?/, cutAfterBytes: { toClient: headers } }
  await engine.killContainer(id, 'SIGKILL')
  await expect(wait.result).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
})

test('a wait that is cut before the engine has accepted it is refused', async () => {
  const id = await running()
  proxy.faults = { only: /\/wait\?/, cutAfterBytes: { toClient: 10 } }
  await expect(proxied.waitContainer(id, 'not-running')).rejects.toMatchObject({ code: 'ENGINE_UNREACHABLE' })
})

test('a wait can be cancelled, and aborted', async () => {
  const id = await running()
  const controller = new AbortController()
  const [one, other] = await Promise.all([
    engine.waitContainer(id, 'not-running'),
    engine.waitContainer(id, 'not-running', { signal: controller.signal }),
  ])
  one.cancel()
  controller.abort()
  await expect(one.result).rejects.toMatchObject({ code: 'ABORTED' })
  await expect(other.result).rejects.toMatchObject({
    code: 'ABORTED',
    cause: controller.signal.reason as unknown,
  })
})

test('an answer in many pieces is one answer', async () => {
  const id = await running({ command: ['sh', '-c', 'sleep 0.3; exit 3'] })
  proxy.faults = { chunking: 'halved' }
  const wait = await proxied.waitContainer(id, 'not-running')
  expect(await wait.result).toEqual({ statusCode: 3 })
})

test('a wait for a container that is not there is refused', async () => {
  await expect(engine.waitContainer('no-such-container', 'not-running')).rejects.toMatchObject({
    code: 'CONTAINER_NOT_FOUND',
  })
})
