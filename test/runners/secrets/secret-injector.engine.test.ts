import { afterAll, beforeAll, expect, test } from 'vitest'
import type { SecretEvents } from '../../../src/events/secret-events.js'
import type { Container } from '../../../src/harness/container.js'
import { DockerHarness } from '../../../src/harness/docker-harness.js'
import { DockerRunner } from '../../../src/runners/docker-runner.js'
import { SecretInjector } from '../../../src/runners/secrets/secret-injector.js'
import { MemorySecretStore } from '../../../src/secrets/memory-secret-store.js'
import { secretEnv, secretFile } from '../../../src/secrets/secret-uses.js'
import { BUSYBOX_IMAGE, testEndpoint, testLabels } from '../../support/engine.js'

let harness: DockerHarness
let container: Container
beforeAll(async () => {
  harness = await DockerHarness.connect({ host: testEndpoint() })
  container = await harness.create({
    image: BUSYBOX_IMAGE,
    init: 'supervisor',
    user: '1000',
    labels: testLabels(),
  })
  await container.start()
})
afterAll(async () => {
  await container?.[Symbol.asyncDispose]()
  await harness?.close()
})

const uses = [
  secretFile('token', 'github/ann', { variable: 'TOKEN_FILE' }),
  secretEnv('NPM_TOKEN', 'npm/ann'),
]

test('secrets lie there for a command of anybody, are rotated, and are verified gone', async () => {
  const secretStore = new MemorySecretStore({ 'github/ann': 'sesame-open', 'npm/ann': 'npm-sesame' })
  const injector = new SecretInjector({ harness, secretStore })
  const seen: string[] = []
  const names: (keyof SecretEvents)[] = ['delivered', 'rotated', 'expired', 'destroyed']
  for (const name of names)
    injector.on(name, (payload) => seen.push(`${name} ${JSON.stringify(payload.secrets)}`))
  const delivered = await injector.inject(container, uses)
  expect(delivered.env).toEqual({
    ANYON_SECRETS_DIR: delivered.dir,
    TOKEN_FILE: `${delivered.dir}/token`,
    NPM_TOKEN: 'npm-sesame',
  })
  await using runner = new DockerRunner({ harness, container })
  const read = async () =>
    (await runner.run(['sh', '-c', 'cat "$TOKEN_FILE"'], { env: delivered.env })).stdout
  expect(await read()).toBe('sesame-open')
  expect(await injector.verifyDestroyed(container)).toMatchObject({ clean: true, left: [], inUse: 1 })
  secretStore.set('github/ann', 'sesame-shut')
  await delivered.rotate('github/ann')
  expect(await read()).toBe('sesame-shut')
  expect(await delivered.destroy()).toEqual({ verified: true })
  expect(await delivered.destroy()).toEqual({ verified: true })
  expect(await read()).toBe('')
  expect(await injector.verifyDestroyed(container)).toEqual({
    clean: true,
    looked: ['/tmp/secrets', '/dev/shm/anyon-secrets-0'],
    left: [],
    inUse: 0,
  })
  const both = '["github/ann","npm/ann"]'
  expect(seen).toEqual([`delivered ${both}`, 'rotated ["github/ann"]', `destroyed ${both}`])
})

test('what is left is found', async () => {
  await using runner = new DockerRunner({ harness, container, user: '0' })
  const injector = new SecretInjector({ harness, secretStore: new MemorySecretStore() })
  await runner.run(['mkdir', '-p', '/tmp/secrets/0123456789abcdef'], { check: true })
  expect(await injector.verifyDestroyed(container)).toMatchObject({
    clean: false,
    left: ['/tmp/secrets/0123456789abcdef'],
  })
  await runner.run(['rmdir', '/tmp/secrets/0123456789abcdef'], { check: true })
})

test('an injection that fails leaves nothing', async () => {
  const injector = new SecretInjector({ harness, secretStore: new MemorySecretStore() })
  await expect(injector.inject(container, uses)).rejects.toMatchObject({ code: 'SECRET_NOT_FOUND' })
  expect((await injector.verifyDestroyed(container)).clean).toBe(true)
})
