import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectEngine } from '../../src/engine/connect-engine.js'
import type { ContainerEngine } from '../../src/engine/container-engine.js'
import { startPrivateEngine, type PrivateEngine } from '../support/engine.js'
import { createRequest } from '../support/create-request.js'

let own: PrivateEngine
let engine: ContainerEngine

beforeAll(async () => {
  own = await startPrivateEngine()
  engine = await connectEngine({ host: own.endpoint })
})
afterAll(async () => {
  await engine.close()
  await own.close()
})

test('an engine that is killed ends everything that is open, and is found again when it is back', async () => {
  const { id } = await engine.createContainer(createRequest())
  await engine.startContainer(id)
  const wait = await engine.waitContainer(id, 'not-running')
  const events = await engine.events({ filters: { types: ['nothing'] } })
  const ended = (async () => {
    for await (const event of events) expect(event).toBeUndefined()
    return 'ended'
  })()
  await own.kill()
  await expect(wait.result).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
  expect(await ended).toBe('ended')
  await expect(engine.inspectContainer(id)).rejects.toMatchObject({
    code: 'ENGINE_UNREACHABLE',
    retryable: true,
    message: expect.stringContaining(`inspect container "${id}" at ${own.endpoint}: `) as string,
  })
  await own.start()
  expect(await engine.inspectContainer(id)).toMatchObject({ id })
  await engine.removeContainer(id, { force: true, volumes: true })
})
