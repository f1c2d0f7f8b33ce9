import { GenericContainer, type StartedTestContainer } from 'testcontainers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DockerHarness } from '../../src/harness/docker-harness.js'
import { DockerRunner } from '../../src/runners/docker-runner.js'
import { BUSYBOX_IMAGE, testEndpoint, testLabels } from '../support/engine.js'

describe('a container that other software made', () => {
  let foreign: StartedTestContainer
  let harness: DockerHarness

  beforeAll(async () => {
    // Its reaper's image would have to come from a registry; our own label and sweep do that work.
    Object.assign(process.env, { DOCKER_HOST: testEndpoint(), TESTCONTAINERS_RYUK_DISABLED: 'true' })
    foreign = await new GenericContainer(BUSYBOX_IMAGE)
      .withLabels(testLabels())
      .withEnvironment({ GREETING: 'hello' })
      .withCommand(['sh', '-c', 'echo ready; exec sleep 600'])
      .start()
    harness = await DockerHarness.connect({ host: testEndpoint() })
  })
  afterAll(async () => {
    await harness?.close()
    await foreign?.stop({ remove: true })
  })

  test('is seen, read and left alone', async () => {
    await using container = harness.container(foreign.getName().replace(/^\//, ''))
    const { id, state } = await container.inspect()
    expect([id, state.status]).toEqual([foreign.getId(), 'running'])
    for await (const line of container.logs().lines()) expect(line).toMatchObject({ text: 'ready' })
  })

  test('runs commands under a supervisor that comes by upload', async () => {
    await using runner = new DockerRunner({ harness, container: foreign.getId() })
    const result = await runner.run(['sh', '-c', 'echo $GREETING $0; exit 3', 'you'], {
      inheritEnv: ['GREETING'],
    })
    expect(result).toMatchObject({ stdout: 'hello you\n', exit: { code: 3, evidence: 'wait4' } })
  })

  test('sees the same as what its maker sees', async () => {
    await using runner = new DockerRunner({ harness, container: foreign.getId() })
    await runner.run(['sh', '-c', 'cat > /tmp/note'], { stdin: 'from us' })
    const theirs = await foreign.exec(['cat', '/tmp/note'])
    expect(theirs).toMatchObject({ output: 'from us', exitCode: 0 })
  })
})
