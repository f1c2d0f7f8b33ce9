import { inspect } from 'node:util'
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest'
import { shell } from '../../../src/command/shell.js'
import type { SpawnOptions } from '../../../src/command/command-options.js'
import type { SecretEvent } from '../../../src/events/secret-events.js'
import type { Container } from '../../../src/harness/container.js'
import { DockerHarness } from '../../../src/harness/docker-harness.js'
import { DockerRunner } from '../../../src/runners/docker-runner.js'
import { SecretInjector } from '../../../src/runners/secrets/secret-injector.js'
import { MemorySecretStore } from '../../../src/secrets/memory-secret-store.js'
import { secretEnv, secretFile } from '../../../src/secrets/secret-uses.js'
import { BUSYBOX_IMAGE, testEndpoint, testLabels } from '../../support/engine.js'
import { rawInspect } from '../../support/harness.js'
import { openFiles } from '../../support/open-files.js'

const token = 'sesame-0pen-0123456789'
const use = secretFile('token', 'case/token')
const show = 'cat "$ANYON_SECRETS_DIR/token"; echo'

let harness: DockerHarness
let container: Container
let events: SecretEvent[]
let store: MemorySecretStore
let counter = 0

beforeAll(async () => {
  harness = await DockerHarness.connect({ host: testEndpoint() })
  const labels = testLabels()
  container = await harness.create({ image: BUSYBOX_IMAGE, init: 'supervisor', user: '1000', labels })
  await container.start()
})
afterEach(async () => {
  for (const { id, state } of await host().list()) if (state === 'exited') await host().forget(id)
})
afterAll(async () => {
  await container?.[Symbol.asyncDispose]()
  await harness?.close()
})

function host(secretStore = store): DockerRunner {
  const onSecrets = (event: SecretEvent) => void events.push(event)
  const runner = new DockerRunner({ harness, container, secretStore, onSecrets })
  onTestFinished(() => runner.close())
  return runner
}

/** Starts one by a host that is gone when this resolves; it ends when `go` is called. */
async function leave(script: string, options: SpawnOptions = {}) {
  events = []
  store = new MemorySecretStore({ 'case/token': token })
  const id = `detached-secret-${counter++}`
  const runner = host()
  const whole = shell(`${script}; while ! test -e /tmp/${id}; do sleep 0.02; done; ${show}`, { shell: 'sh' })
  const command = runner.spawn(whole, { detached: true, id, secrets: [use], ...options })
  await command.started
  await runner.close()
  const go = () => host().run(['touch', `/tmp/${id}`], { check: true })
  return { id, go }
}

const survey = () => new SecretInjector({ harness, secretStore: store }).verifyDestroyed(container)

test('it keeps them when its host has gone, and their end is verified when it ends', async () => {
  const { id, go } = await leave(show)
  expect((await survey()).inUse).toBe(1)
  await go()
  const command = await host().attach(id)
  expect(await command.text()).toBe('[secret case/token]\n[secret case/token]\n')
  expect((await command.exit).secrets).toEqual({ verified: true })
  expect(await survey()).toMatchObject({ clean: true, inUse: 0 })
  const [listed] = (await host().list()).filter((one) => one.id === id)
  expect(listed?.exit?.secrets).toEqual({ verified: true })
  expect(events).toEqual([
    { type: 'delivered', runId: id, secrets: ['case/token'] },
    { type: 'destroyed', runId: id, secrets: ['case/token'], verified: true },
  ])
})

test('its output is masked for whoever reads it from any byte, live and kept, in every spelling', async () => {
  const { id, go } = await leave(`${show}; base64 "$ANYON_SECRETS_DIR/token" >&2`)
  const [first, second, cut] = await Promise.all([
    host().attach(id),
    host().attach(id, { fromStdoutByte: token.length + 1 }),
    host().attach(id, { fromStdoutByte: 5 }),
  ])
  await go()
  expect(await first.text()).toBe('[secret case/token]\n[secret case/token]\n')
  expect(await second.text()).toBe('[secret case/token]\n')
  expect(await cut.text()).toBe('[secret case/token]\n[secret case/token]\n')
  expect(await first.text('stderr')).toContain('[secret case/token]')
  expect(inspect(await Promise.all([first, second, cut].map(({ exit }) => exit)))).not.toContain(token)
})

test('nobody reads what cannot be masked, and it can still be ended', async () => {
  const { id } = await leave(show)
  store.set('case/token', 'another-value')
  await expect(host().attach(id)).rejects.toMatchObject({
    code: 'SECRET_CHANGED',
    details: { id, secret: 'case/token' },
  })
  await expect(host(new MemorySecretStore()).attach(id)).rejects.toMatchObject({ code: 'SECRET_NOT_FOUND' })
  const bare = new DockerRunner({ harness, container })
  onTestFinished(() => bare.close())
  await expect(bare.attach(id)).rejects.toMatchObject({ code: 'INVALID_OPTION' })

  const command = await bare.attach(id, { output: 'none' })
  expect(await command.kill({ graceMs: 0 })).toMatchObject({ verified: true })
  expect(await command.exit).toMatchObject({ reason: 'killed', secrets: { verified: true } })
  expect(await command.text()).toBe('')
})

test('a former value of an expired secret still masks', async () => {
  const { id, go } = await leave(show)
  store.set('case/token', token, { expiresAt: new Date(0) })
  await go()
  expect(await (await host().attach(id)).text()).toBe('[secret case/token]\n[secret case/token]\n')
})

test('one that expires goes while it runs', async () => {
  events = []
  store = new MemorySecretStore()
  store.set('case/token', token, { expiresAt: new Date(Date.now() + 3000) })
  const id = `detached-secret-${counter++}`
  const runner = host()
  const script = 'while test -e "$ANYON_SECRETS_DIR/token"; do sleep 0.05; done; echo gone'
  const command = runner.spawn(shell(script, { shell: 'sh' }), { detached: true, id, secrets: [use] })
  await command.started
  await runner.close()
  const attached = await host().attach(id)
  expect(await attached.text()).toBe('gone\n')
  expect((await attached.exit).secrets).toEqual({ verified: true })
  expect(events.map(({ type, secrets }) => [type, ...secrets])).toEqual([
    ['delivered', 'case/token'],
    ['expired', 'case/token'],
    ['destroyed', 'case/token'],
  ])
})

test('that one has expired is told to each who attaches, however late, and to nobody twice', async () => {
  events = []
  store = new MemorySecretStore({ 'case/token': token })
  const id = `detached-secret-${counter++}`
  const runner = host()
  await runner.run(['true']) // or it may have expired before the place is reached
  store.set('case/brief', 'brief-value', { expiresAt: new Date(Date.now() + 1000) })
  const secrets = [use, secretFile('json', 'case/brief'), secretFile('copy', 'case/brief')]
  const script = `cd "$ANYON_SECRETS_DIR"; while test -e json || test -e copy; do sleep 0.02; done
    echo gone; while ! test -e /tmp/${id}; do sleep 0.02; done`
  const first = runner.spawn(shell(script, { shell: 'sh' }), { detached: true, id, secrets })
  await first.waitForLog(/^gone$/)
  const second = await host().attach(id, { output: 'none' })
  await host().run(['touch', `/tmp/${id}`], { check: true })
  await Promise.all([first.exit, second.exit])
  const third = await host().attach(id)
  await third.exit
  const all = ['case/token', 'case/brief']
  const seen = events.map(({ type, runId, secrets }) => [type, runId, ...secrets])
  expect(seen[0]).toEqual(['delivered', id, ...all])
  expect(seen.filter(([type]) => type === 'expired')).toEqual(Array(3).fill(['expired', id, 'case/brief']))
  expect(seen.filter(([type]) => type === 'destroyed')).toEqual(Array(3).fill(['destroyed', id, ...all]))
})

test('what became of the secrets of one that has printed nothing and ended is told as well', async () => {
  events = []
  store = new MemorySecretStore({ 'case/token': token })
  const id = `detached-secret-${counter++}`
  const first = host().spawn(['true'], { detached: true, id, secrets: [use] })
  await first.exit
  for (const _ of [1, 2]) await (await host().attach(id)).exit
  expect(events.map(({ type }) => type)).toEqual(['delivered', 'destroyed', 'destroyed', 'destroyed'])
})

test('it has none that are rotated, since nobody could mask both values later', async () => {
  const { id } = await leave('', { secrets: [use, secretEnv('TOKEN', 'case/token')] })
  const attached = await host().attach(id)
  await expect(attached.rotateSecret('case/token')).rejects.toMatchObject({ code: 'NOT_SUPPORTED' })
  await attached.kill({ graceMs: 0 })

  const own = host().spawn(['sleep', '600'], { detached: true, id: `${id}-own`, secrets: [use] })
  await own.started
  await expect(own.rotateSecret('case/token')).rejects.toMatchObject({ code: 'NOT_SUPPORTED' })
  await own.kill({ graceMs: 0 })
})

test('its output lies in memory, never on a disk', async () => {
  const { id, go } = await leave(show)
  const { State } = await rawInspect(container.id)
  const open = openFiles(State.Pid).map(({ target }) => target)
  expect(open.filter((path) => path.startsWith('/memfd:anyon-spool'))).toHaveLength(1)
  expect(open.filter((path) => path.startsWith('/tmp/'))).toEqual([])
  await go()
  await (
    await host().attach(id)
  ).exit
})
