import { afterAll, beforeAll, expect, test } from 'vitest'
import { DockerHarness, DockerRunner } from '../../src/index.js'
import { BUSYBOX_IMAGE, engineRequest, testEndpoint, testLabels } from '../support/engine.js'

let harness: DockerHarness
let image: string

beforeAll(async () => {
  harness = await DockerHarness.connect({ host: testEndpoint(), env: {} })
  const config = { Image: BUSYBOX_IMAGE, Labels: testLabels() }
  const { body } = await engineRequest('POST', '/containers/create', config)
  const { Id } = body as { Id: string }
  const commit = await engineRequest('POST', `/commit?container=${Id}&changes=USER%2065534`, config)
  image = (commit.body as { Id: string }).Id
  await engineRequest('DELETE', `/containers/${Id}?force=1`)
})

afterAll(async () => {
  await harness.close()
  await engineRequest('DELETE', `/images/${image}?force=1`)
})

test.each([
  ["the image's user", {}, '65534\n'],
  ['the user that create was given', { user: '1234' }, '1234\n'],
])('under a supervisor commands run as %s', async (_, options, uid) => {
  await using container = await harness.create({
    image,
    init: 'supervisor',
    labels: testLabels(),
    pullPolicy: 'never',
    ...options,
  })
  await container.start()
  await using runner = new DockerRunner({ harness, container })
  expect((await runner.run(['id', '-u'])).stdout).toBe(uid)
})
