import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { connectEngine } from '../../../src/engine/connect-engine.js'
import type { ContainerEngine } from '../../../src/engine/container-engine.js'
import type { SecretEvent } from '../../../src/events/secret-events.js'
import type { Container } from '../../../src/harness/container.js'
import { DockerRunner } from '../../../src/runners/docker-runner.js'
import { SecretInjector } from '../../../src/runners/secrets/secret-injector.js'
import { MemorySecretStore } from '../../../src/secrets/memory-secret-store.js'
import { secretFile } from '../../../src/secrets/secret-uses.js'
import { BUSYBOX_IMAGE, DEBIAN_IMAGE, testEndpoint, testLabels } from '../../support/engine.js'
import { DockerHarness } from '../../../src/harness/docker-harness.js'
import { startContainer, type TestContainer } from '../container.js'
import { runSecretCases } from '../run-secret-cases.js'

let engine: ContainerEngine
let harness: DockerHarness
beforeAll(async () => {
  engine = await connectEngine({ host: testEndpoint() })
  harness = await DockerHarness.connect({ host: testEndpoint() })
})
afterAll(async () => {
  await engine.close()
  await harness.close()
})

describe.each([
  ['root', {}],
  ['a user of its own', { user: '1000' }],
])('in a container of ours, as %s', (_, options) => {
  let container: Container
  beforeAll(async () => {
    const labels = testLabels()
    container = await harness.create({ image: BUSYBOX_IMAGE, init: 'supervisor', labels, ...options })
    await container.start()
  })
  afterAll(() => container?.[Symbol.asyncDispose]())

  test('the mount is in memory, of a limited size, and nothing can be run from it', async () => {
    await using runner = new DockerRunner({ harness, container })
    const { stdout } = await runner.run(['cat', '/proc/mounts'])
    const line = stdout.split('\n').find((line) => line.includes(' /tmp/secrets '))
    expect(line).toMatch(/^tmpfs .*nosuid,nodev,noexec.*size=65536k,mode=711/)
  })

  test('they are masked in a terminal', async () => {
    const secretStore = new MemorySecretStore({ token: 'sesame-open' })
    await using runner = new DockerRunner({ harness, container, secretStore })
    const { stdout, exit } = await runner.run(
      ['sh', '-c', 'stty -echo; cat "$ANYON_SECRETS_DIR/token"; echo "!"; read typed; echo "<$typed>"'],
      {
        secrets: [secretFile('token', 'token')],
        terminal: { columns: 80, rows: 24 },
        stdin: 'sesame-open\n',
      },
    )
    expect(stdout).not.toContain('sesame-open')
    expect(stdout).toContain('[secret token]!\r\n<[secret token]>\r\n')
    expect(exit.secrets).toEqual({ verified: true })
  })

  runSecretCases((given) => new DockerRunner({ harness, container, ...given }))
})

describe('in a container of somebody else', () => {
  let container: TestContainer
  beforeAll(async () => {
    container = await startContainer({ Image: DEBIAN_IMAGE, Cmd: ['sleep', '600'] })
  })
  afterAll(() => container?.remove())

  runSecretCases((given) => new DockerRunner({ harness: { engine }, container: container.id, ...given }))
})

test('where there is no tmpfs, nothing is started and nothing falls to a disk', async () => {
  const container = await startContainer({
    Image: DEBIAN_IMAGE,
    Cmd: ['sh', '-c', 'umount /dev/shm && rmdir /dev/shm; exec sleep 600'],
    HostConfig: { CapAdd: ['SYS_ADMIN'], SecurityOpt: ['apparmor=unconfined'] },
  })
  try {
    const secretStore = new MemorySecretStore({ token: 'sesame-open' })
    await using runner = new DockerRunner({ harness: { engine }, container: container.id, secretStore })
    while ((await runner.run(['test', '-e', '/dev/shm'])).exit.code === 0);
    const command = runner.spawn(['touch', '/ran'], { secrets: [secretFile('token', 'token')] })
    await expect(command.started).rejects.toMatchObject({
      code: 'SECRET_DELIVERY_FAILED',
      message: expect.stringContaining('The secrets token could not be delivered') as string,
      details: { secrets: ['token'], errno: 'ENODEV' },
    })
    const { stdout } = await runner.run(['sh', '-c', 'ls /tmp /dev/shm /ran 2>/dev/null'])
    expect(stdout.trim().split('\n')).toEqual(['/tmp:'])
  } finally {
    await container.remove()
  }
})

test('a tmpfs that is full starts nothing and leaves nothing', async () => {
  const container = await startContainer({
    Image: BUSYBOX_IMAGE,
    Cmd: ['sleep', '600'],
    HostConfig: { Tmpfs: { '/tmp/secrets': 'size=32k,mode=711' } },
  })
  try {
    const secretStore = new MemorySecretStore({ large: 'sesame-open'.repeat(5000), token: 'sesame-open' })
    await using runner = new DockerRunner({ harness: { engine }, container: container.id, secretStore })
    const secrets = [secretFile('token', 'token'), secretFile('large', 'large')]
    await expect(runner.run(['true'], { secrets })).rejects.toMatchObject({
      code: 'SECRET_DELIVERY_FAILED',
      details: { errno: 'ENOSPC' },
    })
    expect((await runner.run(['ls', '/tmp/secrets'])).stdout).toBe('')
    const { exit } = await runner.run(['true'], { secrets: [secretFile('token', 'token')] })
    expect(exit.secrets).toEqual({ verified: true })
  } finally {
    await container.remove()
  }
})

test('what root keeps from being removed is named, by exit, event and survey', async () => {
  const container = await startContainer({
    Image: DEBIAN_IMAGE,
    Cmd: ['sleep', '600'],
    HostConfig: { CapAdd: ['SYS_ADMIN'], SecurityOpt: ['apparmor=unconfined'] },
  })
  onTestFinished(() => container.remove())
  const secretStore = new MemorySecretStore({ token: 'sesame-open' })
  const events: SecretEvent[] = []
  const onSecrets = (event: SecretEvent) => void events.push(event)
  await using runner = new DockerRunner({
    harness: { engine },
    container: container.id,
    secretStore,
    onSecrets,
  })
  const cover = 'echo "$ANYON_SECRETS_DIR"; mount -t tmpfs none "$ANYON_SECRETS_DIR"'
  const secrets = [secretFile('token', 'token')]
  const { exit, stdout } = await runner.run(['sh', '-c', cover], { secrets, user: '0', check: true })
  const left = stdout.trim()
  expect(exit.secrets).toEqual({ verified: false, left })
  expect(events.at(-1)).toMatchObject({ type: 'destroyed', verified: false, left })
  const injector = new SecretInjector({ harness, secretStore })
  expect(await injector.verifyDestroyed(container.id)).toMatchObject({ clean: false, left: [left] })
})
