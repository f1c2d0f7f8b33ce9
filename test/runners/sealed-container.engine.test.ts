import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Container } from '../../src/harness/container.js'
import { DockerHarness } from '../../src/harness/docker-harness.js'
import { DockerRunner } from '../../src/runners/docker-runner.js'
import { output } from '../../src/testing/case-tools.js'
import { buildTestImage, type TestImage } from '../support/build-image.js'
import { BUSYBOX_IMAGE, testEndpoint, testLabels } from '../support/engine.js'
import { addMember, knowsMember } from './case-members.js'
import { runCases } from './run-cases.js'

const dockerfile = `FROM ${BUSYBOX_IMAGE}\nRUN ${addMember}\nUSER 1234:5678\n`

describe('DockerRunner in a container of ours with a read-only root, its image that of an unprivileged user', () => {
  let harness: DockerHarness
  let image: TestImage
  let container: Container
  let runner: DockerRunner
  beforeAll(async () => {
    harness = await DockerHarness.connect({ host: testEndpoint(), env: {} })
    image = await buildTestImage(harness.engine, dockerfile)
    container = await harness.create({
      image: image.name,
      init: 'supervisor',
      readOnlyRoot: true,
      tmpfs: [{ target: '/tmp', executable: true }],
      env: { ANYON_CASE_INHERITED: 'yes', ANYON_CASE_OTHER: 'no' },
      network: 'none',
      pullPolicy: 'never',
      labels: testLabels(),
    })
    await container.start()
    runner = new DockerRunner({ harness, container })
  })
  afterAll(async () => {
    await runner?.close()
    await container?.remove({ force: true })
    await image?.remove()
    await harness?.close()
  })

  test('is that: commands are the user of the image, and can write to /tmp alone', async () => {
    const script =
      'id -u; id -g; for d in / /etc /bin /tmp; do touch $d/x 2>/dev/null && echo $d; done; rm /tmp/x'
    expect(await output(runner.run(['sh', '-c', script]))).toBe('1234\n5678\n/tmp\n')
  })

  knowsMember(() => runner)
  runCases(() => runner, {
    beyond: {
      'the environment is exactly what was asked for, and who one is': 'a name for its user in passwd',
    },
  })
})
