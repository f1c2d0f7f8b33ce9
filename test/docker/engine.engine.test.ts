import { afterEach, expect, test } from 'vitest'
import { engineRequest as request } from '../../docker/scripts/lib/engine-api.mjs'
import {
  BUSYBOX_IMAGE,
  DEBIAN_IMAGE,
  engineRequest,
  startPrivateEngine,
  testEndpoint,
  testLabels,
} from '../support/engine.js'
import { ownerLabel, sweep, TEST_LABEL } from '../../docker/scripts/lib/sweep.mjs'

const made: string[] = []

async function create(image: string, command: string[], labels = testLabels()): Promise<string> {
  const config = { Image: image, Cmd: command, Labels: labels }
  const { status, body } = await engineRequest('POST', '/containers/create', config)
  expect(status).toBe(201)
  const { Id } = body as { Id: string }
  made.push(Id)
  return Id
}

afterEach(async () => {
  for (const id of made.splice(0)) await engineRequest('DELETE', `/containers/${id}?force=1`)
})

test.each([BUSYBOX_IMAGE, DEBIAN_IMAGE])('a container of %s runs a command', async (image) => {
  const id = await create(image, ['sh', '-c', 'cat /etc/passwd | grep -q ^root: && sleep 0 && exit 7'])
  await engineRequest('POST', `/containers/${id}/start`)
  const { body } = await engineRequest('POST', `/containers/${id}/wait`)
  expect(body).toMatchObject({ StatusCode: 7 })
})

test('the sweep removes what dead runs left, and nothing of a run that lives', async () => {
  const mine = await create(BUSYBOX_IMAGE, ['true'])
  const dead = await create(BUSYBOX_IMAGE, ['true'], { [TEST_LABEL]: '4194304-1' })
  // The pid of a living process that started at another time: its owner is dead all the same.
  const reused = await create(BUSYBOX_IMAGE, ['true'], { [TEST_LABEL]: `${process.pid}-1` })
  const other = await create(BUSYBOX_IMAGE, ['true'], { [TEST_LABEL]: ownerLabel(process.pid) })
  await sweep(testEndpoint())
  const status = async (id: string) => (await engineRequest('GET', `/containers/${id}/json`)).status
  expect(await Promise.all([mine, dead, reused, other].map(status))).toEqual([200, 404, 404, 200])
})

test('a private engine is killed, comes back with its containers, and leaves nothing', async () => {
  const engine = await startPrivateEngine()
  try {
    const config = { Image: BUSYBOX_IMAGE, Cmd: ['sleep', '60'], HostConfig: { Init: true } }
    const { body } = await request(engine.endpoint, 'POST', '/containers/create', config)
    const { Id } = body as { Id: string }
    expect((await request(engine.endpoint, 'POST', `/containers/${Id}/start`)).status).toBe(204)
    await engine.kill()
    await expect(request(engine.endpoint, 'GET', '/_ping')).rejects.toThrow()
    await engine.start()
    expect((await request(engine.endpoint, 'GET', `/containers/${Id}/json`)).status).toBe(200)
    expect((await engineRequest('GET', `/containers/${Id}/json`)).status).toBe(404)
  } finally {
    await engine.close()
  }
  await expect(request(engine.endpoint, 'GET', '/_ping')).rejects.toThrow()
})
