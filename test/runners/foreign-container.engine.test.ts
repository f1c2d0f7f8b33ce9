import { GenericContainer, type StartedTestContainer } from 'testcontainers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DockerHarness } from '../../src/harness/docker-harness.js'
import { DockerRunner } from '../../src/runners/docker-runner.js'
import { output } from '../../src/testing/case-tools.js'
import { buildTestImage, type TestImage } from '../support/build-image.js'
import { DEBIAN_IMAGE, engineRequest, testEndpoint, testLabels } from '../support/engine.js'
import { addMember, knowsMember } from './case-members.js'
import { runCases } from './run-cases.js'

const dockerfile = `FROM ${DEBIAN_IMAGE}\nRUN ${addMember}\nUSER nobody\nWORKDIR /usr\n`

describe('DockerRunner in a container that testcontainers made, its image that of an unprivileged user', () => {
  let harness: DockerHarness
  let image: TestImage
  let container: StartedTestContainer
  let runner: DockerRunner
  beforeAll(async () => {
    // Its reaper's image would have to come from a registry; our own label and sweep do that work.
    Object.assign(process.env, { DOCKER_HOST: testEndpoint(), TESTCONTAINERS_RYUK_DISABLED: 'true' })
    harness = await DockerHarness.connect({ host: testEndpoint() })
    image = await buildTestImage(harness.engine, dockerfile)
    container = await new GenericContainer(image.name)
      .withLabels(testLabels())
      .withEnvironment({ ANYON_CASE_INHERITED: 'yes', ANYON_CASE_OTHER: 'no' })
      .withCommand(['sleep', '600'])
      .start()
    runner = new DockerRunner({ harness, container: container.getId() })
  })
  afterAll(async () => {
    await runner?.close()
    await container?.stop({ remove: true })
    await image?.remove()
    await harness?.close()
  })

  test('is that: no volume, a process of its own, and commands are the user of the image', async () => {
    const { body } = await engineRequest('GET', `/containers/${container.getId()}/json`)
    expect(body).toMatchObject({ Mounts: [], Path: 'sleep', Config: { User: 'nobody' } })
    expect(await output(runner.run(['sh', '-c', 'id -un; pwd']))).toBe('nobody\n/usr\n')
  })

  knowsMember(() => runner)
  runCases(() => runner)
})
