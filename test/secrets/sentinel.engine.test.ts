import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { engineRequest, openRequest } from '../../docker/scripts/lib/engine-api.mjs'
import type { SecretEvent } from '../../src/events/secret-events.js'
import type { Container } from '../../src/harness/container.js'
import { DockerHarness } from '../../src/harness/docker-harness.js'
import { MemoryMessageStore } from '../../src/messages/memory-message-store.js'
import { DockerRunner } from '../../src/runners/docker-runner.js'
import { SecretInjector } from '../../src/runners/secrets/secret-injector.js'
import { MemorySecretStore } from '../../src/secrets/memory-secret-store.js'
import { buildHostProgram, type HostProgram } from '../runners/host-process.js'
import { BUSYBOX_IMAGE, startPrivateEngine, testLabels, type PrivateEngine } from '../support/engine.js'
import { environmentLook, execPlainly, looks, type Scene } from './looks.js'
import { deliveries, makeSentinels, sentinelScript, sentinelsIn, sentinelUses } from './sentinels.js'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const sentinels = makeSentinels()
const secretStore = new MemorySecretStore(sentinels)
const told: Buffer[] = []

let own: PrivateEngine
let harness: DockerHarness
let container: Container
let scene: Scene
let host: HostProgram
let folder: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sentinel-'))
  const begin = join(folder, 'begin')
  writeFileSync(begin, '')
  ;[own, host] = await Promise.all([startPrivateEngine({ debug: true }), buildHostProgram('secret-host')])
  const events = await openRequest(own.endpoint, 'GET', '/events')
  events.on('data', (bytes: Buffer) => told.push(bytes)).on('error', () => {})
  harness = await DockerHarness.connect({ host: own.endpoint })
  container = await harness.create({
    image: BUSYBOX_IMAGE,
    init: 'supervisor',
    network: 'none',
    user: '1000',
    labels: testLabels(),
  })
  await container.start()
  scene = { engine: own, container: container.id, events: told, begin }
})
afterAll(async () => {
  await harness?.close()
  await own?.close()
  await host?.remove()
  rmSync(folder, { recursive: true, force: true })
})

const all = (value: unknown) =>
  Buffer.from(inspect(value, { depth: 12, maxStringLength: null, maxArrayLength: null }))

async function expectNowhere(when: string): Promise<void> {
  for (const [where, look] of Object.entries(looks)) {
    expect(sentinelsIn(sentinels, await look(scene)), `in ${where}, ${when}`).toEqual([])
  }
}

/** Asks the engine alone. */
const whatIsLeft = () => execPlainly(scene, 'find /tmp/secrets /dev/shm -mindepth 1; ps | grep [c]at')

describe('each place that is looked into', () => {
  const decoy = 's3ntinel-decoy'
  let decoyScene: Scene
  beforeAll(async () => {
    const { body } = await engineRequest(own.endpoint, 'POST', '/containers/create', {
      Image: BUSYBOX_IMAGE,
      Cmd: ['sh', '-c', `echo ${decoy}; echo 1 > /${decoy}; sleep 600; :`],
      Labels: { decoy },
      HostConfig: { NetworkMode: 'none' },
    })
    decoyScene = { ...scene, container: (body as { Id: string }).Id }
    await engineRequest(own.endpoint, 'POST', `/containers/${decoyScene.container}/start`)
    const started = async () => (await execPlainly(decoyScene, 'ls /')).includes(decoy)
    await vi.waitUntil(started, { timeout: 20_000, interval: 50 })
    writeFileSync(join(folder, decoy), decoy)
    await execPlainly(decoyScene, `sleep 600; echo ${decoy}`, true)
  })
  afterAll(() => engineRequest(own.endpoint, 'DELETE', `/containers/${decoyScene.container}?force=1`))

  test.each(Object.entries(looks))('would show it: %s', async (_, look) => {
    expect((await look(decoyScene)).includes(decoy)).toBe(true)
  })
})

describe('no secret is found anywhere but with the command that it is for', () => {
  const events: SecretEvent[] = []
  const messages = new MemoryMessageStore()
  const shown: unknown[] = []

  test.each(['success', 'kill', 'timeout', 'closed'] as const)('which ends by %s', async (ending) => {
    const runner = new DockerRunner({
      harness,
      container,
      secretStore,
      onSecrets: (event) => events.push(event),
    })
    const command = runner.spawn(['sh', '-c', sentinelScript], {
      secrets: sentinelUses,
      stdin: 'pipe',
      graceMs: 50,
      ...(ending === 'timeout' && { timeoutMs: 2000 }),
    })
    const recording = command.recordTo(messages)
    await command.waitForLog(/^up$/)
    if (ending === 'success') {
      await expectNowhere('while it runs')
      // Of root on the machine nothing is hidden; files are not shown by this, though.
      expect(sentinelsIn(sentinels, await environmentLook(scene))).toEqual(['env', 'claude'])
      command.stdin.end()
    }
    if (ending === 'kill') await command.kill()
    if (ending === 'closed') await runner.close()
    const exit = await command.exit
    expect(exit.reason).toBe(
      { success: 'exited', kill: 'killed', timeout: 'timeout', closed: 'killed' }[ending],
    )
    expect(exit.secrets).toEqual({ verified: true })
    await recording.finished
    shown.push(exit, await command.text('stdout'), await command.text('stderr'))
    for await (const message of messages.read(command.id, { from: 1 })) {
      if (message.type === 'output') shown.push(Buffer.from(message.bytes).toString())
    }
    await runner.close()
    expect(await whatIsLeft()).toBe('')
    await expectNowhere('afterwards')
  })

  test('which is detached, and read by another host', async () => {
    const open = () =>
      new DockerRunner({ harness, container, secretStore, onSecrets: (event) => events.push(event) })
    const runner = open()
    const script = sentinelScript.replace('cat; ', 'sleep 600')
    const options = { detached: true, id: 'sentinel', secrets: sentinelUses }
    await runner.spawn(['sh', '-c', script], options).waitForLog(/^up$/)
    await runner.close()
    await using another = open()
    const command = await another.attach('sentinel')
    await command.waitForLog(/^up$/)
    await expectNowhere('while it runs without a host')
    await command.kill({ graceMs: 0 })
    const exit = await command.exit
    expect(exit.secrets).toEqual({ verified: true })
    shown.push(exit, await command.text('stdout'), await command.text('stderr'), await another.list())
    await another.forget('sentinel')
    expect(await whatIsLeft()).toBe('')
    await expectNowhere('afterwards')
  })

  test('whose results, events and messages we tell', () => {
    const text = all([shown, events, messages])
    for (const name of deliveries) expect(text.includes(`[secret ${name}]`), name).toBe(true)
    expect(sentinelsIn(sentinels, text)).toEqual([])
  })

  test.each([1000, 0])('whose host is killed with SIGKILL, with a grace of %d ms', async (graceMs) => {
    const child = await host.startWith(JSON.stringify(sentinels), own.endpoint, container.id, String(graceMs))
    await expectNowhere('while the host lives')
    expect(await whatIsLeft()).toContain('/tmp/secrets/')
    child.kill('SIGKILL')
    await once(child, 'exit')
    const killedAt = Date.now()
    await expect.poll(whatIsLeft).toBe('')
    // Whatever else this machine has to do in that time.
    expect(Date.now() - killedAt).toBeLessThan(graceMs + 5000)
    await expectNowhere('when the host is dead')
    const injector = new SecretInjector({ harness, secretStore })
    expect(await injector.verifyDestroyed(container)).toMatchObject({ clean: true, inUse: 0 })
  })

  test('whose core is not dumped', async () => {
    await using runner = new DockerRunner({ harness, container, secretStore })
    const dump = ['sh', '-c', 'ulimit -c; cd /tmp; kill -SEGV $$; :']
    const { exit, stdout } = await runner.run(dump, { secrets: sentinelUses })
    expect([exit.signal, stdout]).toEqual(['SIGSEGV', '0\n'])
    expect(await execPlainly(scene, 'ls /tmp')).not.toContain('core')
  })

  // The last one: the container ends with its engine.
  test('whose engine is killed and comes back', async () => {
    const runner = new DockerRunner({ harness, container, secretStore, orphanGraceMs: 1000 })
    const command = runner.spawn(['sh', '-c', sentinelScript], { secrets: sentinelUses, stdin: 'pipe' })
    await command.waitForLog(/^up$/)
    await own.kill()
    expect(await command.exit).toMatchObject({ succeeded: false, secrets: { verified: false } })
    await runner.close()
    await own.start()
    await container.start()
    expect(await whatIsLeft()).toBe('')
    await expectNowhere('when the engine is back')
    const injector = new SecretInjector({ harness, secretStore })
    expect(await injector.verifyDestroyed(container)).toMatchObject({ clean: true, inUse: 0 })
  })
})
