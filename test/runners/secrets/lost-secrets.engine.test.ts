import { readdirSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { SecretEvent } from '../../../src/events/secret-events.js'
import type { Container } from '../../../src/harness/container.js'
import type { DockerHarness } from '../../../src/harness/docker-harness.js'
import { DockerRunner, type DockerRunnerOptions } from '../../../src/runners/docker-runner.js'
import { SecretInjector } from '../../../src/runners/secrets/secret-injector.js'
import { MemorySecretStore } from '../../../src/secrets/memory-secret-store.js'
import { secretFile } from '../../../src/secrets/secret-uses.js'
import { firstLine } from '../../../src/testing/case-tools.js'
import { startPrivateEngine, testEndpoint, type PrivateEngine } from '../../support/engine.js'
import { startFaultProxy } from '../../support/fault-proxy.js'
import { testContainer, testHarness } from '../../support/harness.js'

const secretStore = new MemorySecretStore({ token: 'sesame-0pen-0123456789' })
const secrets = [secretFile('token', 'token')]
const script = 'trap "" TERM; cat "$ANYON_SECRETS_DIR/token"; echo; read end; echo $end'

/** A command with a secret, and what root on the machine, who needs no engine for that, sees of where it lies. */
async function holding(harness: DockerHarness, container: Container, options: Partial<DockerRunnerOptions>) {
  const events: SecretEvent[] = []
  const onSecrets = (event: SecretEvent) => void events.push(event)
  const runner = new DockerRunner({ harness, container, secretStore, onSecrets, ...options })
  onTestFinished(() => runner.close())
  const command = runner.spawn(['sh', '-c', script], { secrets, stdin: 'pipe' })
  expect(await firstLine(command)).toBe('[secret token]')
  const { pid } = (await container.inspect()).state
  const folders = () => readdirSync(`/proc/${pid}/root/tmp/secrets`)
  expect(folders()).toHaveLength(1)
  return { command, events, folders }
}

const destroyed = (verified: boolean) =>
  expect.objectContaining({ type: 'destroyed', verified }) as SecretEvent
const survey = (harness: DockerHarness, container: Container) =>
  new SecretInjector({ harness, secretStore }).verifyDestroyed(container)

test.each([0, 300])(
  'a connection that is lost for good destroys them, with a grace of %d ms',
  async (orphanGraceMs) => {
    const harness = await testHarness()
    const container = await testContainer(harness, { init: 'supervisor' })
    await container.start()
    const proxy = await startFaultProxy(testEndpoint())
    onTestFinished(() => proxy.close())
    const through = await testHarness({ endpoint: proxy.endpoint })
    const { command, events, folders } = await holding(through, container, { orphanGraceMs })
    proxy.faults.refuseConnections = true
    proxy.cut()
    // Our side cannot know, and says so.
    expect(await command.exit).toMatchObject({ reason: 'engineLost', secrets: { verified: false } })
    expect(events.at(-1)).toEqual(destroyed(false))
    await vi.waitFor(() => expect(folders()).toEqual([]), { timeout: 10_000, interval: 20 })
    expect(await survey(harness, container)).toMatchObject({ clean: true, inUse: 0 })
  },
)

describe('an engine that leaves its containers running', { timeout: 60_000 }, () => {
  let own: PrivateEngine
  beforeAll(async () => {
    own = await startPrivateEngine({ liveRestore: true })
  })
  afterAll(() => own?.close())

  async function place() {
    const harness = await testHarness({ endpoint: own.endpoint })
    const container = await harness.create({
      image: 'busybox',
      init: 'supervisor',
      network: 'none',
      pullPolicy: 'never',
    })
    await container.start()
    return { harness, container }
  }

  test('killed, and not back in time: they are destroyed though nobody is there to ask for it', async () => {
    const { harness, container } = await place()
    const times = { orphanGraceMs: 300, heartbeatMs: 300 }
    const { command, folders } = await holding(harness, container, times)
    await own.kill()
    await vi.waitFor(() => expect(folders()).toEqual([]), { timeout: 20_000, interval: 50 })
    expect(await command.exit).toMatchObject({ succeeded: false, secrets: { verified: false } })
    await own.start()
    expect(await survey(harness, container)).toMatchObject({ clean: true, inUse: 0 })
  })

  test('killed and back in time: the command goes on with them, and they are destroyed when it ends', async () => {
    const { harness, container } = await place()
    const { command, events, folders } = await holding(harness, container, { orphanGraceMs: 60_000 })
    await own.kill()
    await own.start()
    expect(folders()).toHaveLength(1)
    command.stdin.end('the end\n')
    expect(await command.exit).toMatchObject({ code: 0, secrets: { verified: true } })
    expect(events.at(-1)).toEqual(destroyed(true))
    expect(folders()).toEqual([])
  })
})
