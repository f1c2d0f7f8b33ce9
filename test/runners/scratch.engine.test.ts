import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectEngine } from '../../src/engine/connect-engine.js'
import type { ContainerEngine } from '../../src/engine/container-engine.js'
import { uniqueName } from '../../src/model/unique-name.js'
import { DockerRunner } from '../../src/runners/docker-runner.js'
import { buildTestImage, type TestImage } from '../support/build-image.js'
import { BUSYBOX_IMAGE, engineRequest, testEndpoint, testLabels } from '../support/engine.js'
import { startContainer, type TestContainer } from './container.js'
import { runCases } from './run-cases.js'

/** A volume with a shell and the small tools, since the image has none. */
async function toolsVolume(name: string): Promise<void> {
  await engineRequest('POST', '/volumes/create', { Name: name, Labels: testLabels() })
  const copying = await startContainer({
    Image: BUSYBOX_IMAGE,
    Cmd: ['cp', '-a', '/bin/.', '/tools'],
    HostConfig: { Binds: [`${name}:/tools`] },
  })
  await engineRequest('POST', `/containers/${copying.id}/wait`)
  await copying.remove()
}

describe('DockerRunner in a container of an image from scratch, with tools in a volume', () => {
  const volume = uniqueName('anyon-test-tools')
  let engine: ContainerEngine
  let image: TestImage
  let container: TestContainer
  let runner: DockerRunner
  beforeAll(async () => {
    engine = await connectEngine({ host: testEndpoint() })
    await toolsVolume(volume)
    image = await buildTestImage(engine, 'FROM scratch\nCOPY nothing /nothing\n', { nothing: Buffer.of() })
    container = await startContainer({
      Image: image.name,
      Cmd: ['/tools/sleep', '600'],
      Env: ['ANYON_CASE_INHERITED=yes', 'ANYON_CASE_OTHER=no', 'PATH=/tools'],
      HostConfig: {
        Binds: [`${volume}:/tools:ro`],
        ReadonlyRootfs: true,
        Tmpfs: { '/tmp': 'rw,exec,mode=1777' },
      },
    })
    runner = new DockerRunner({ harness: { engine }, container })
  })
  afterAll(async () => {
    await runner?.close()
    await container?.remove()
    await engineRequest('DELETE', `/volumes/${volume}?force=1`)
    await image?.remove()
    await engine?.close()
  })

  test('is that: there are no users, no shell in its place and no folder for programs', async () => {
    const { exit, stderr } = await runner.run(['ls', '/etc/passwd', '/bin', '/usr', '/home'])
    expect([exit.code, stderr.match(/No such file/g)?.length]).toEqual([1, 4])
  })

  const users = 'users in passwd'
  runCases(() => runner, {
    beyond: {
      'the environment is exactly what was asked for, and who one is': users,
      'a user has the groups that the place says, by name and by number, and no others': users,
      'runs as a user given by name, with HOME of its own': users,
    },
  })
})
