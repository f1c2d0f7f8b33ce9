import { onTestFinished } from 'vitest'
import { packEntries } from '../../src/archives/pack-entries.js'
import { supervisorBinary } from '../../src/delivery/supervisor-binary.js'
import type { Container } from '../../src/harness/container.js'
import type { CreateOptions } from '../../src/harness/create-options.js'
import type { DockerHarness } from '../../src/harness/docker-harness.js'
import { uniqueName } from '../../src/model/unique-name.js'
import { engineRequest, testLabels } from '../support/engine.js'
import { testContainer, testHarness } from '../support/harness.js'

/** A running container with the supervisor as process 1, gone when the test ends. */
export async function runningContainer(options: Partial<CreateOptions> = {}): Promise<Container> {
  return startedIn(await testHarness(), options)
}

export async function startedIn(
  harness: DockerHarness,
  options: Partial<CreateOptions> = {},
): Promise<Container> {
  const container = await testContainer(harness, { init: 'supervisor', ...options })
  await container.start()
  return container
}

/** An image with nothing in it but one program, removed when the test ends. */
export async function scratchImage({ engine }: DockerHarness): Promise<string> {
  const { bytes } = await supervisorBinary((await engine.version()).architecture)
  const image = `${uniqueName('anyon-scratch')}:1`
  const dockerfile = { path: 'Dockerfile', content: 'FROM scratch\nCOPY app /app\n' }
  const folder = packEntries([dockerfile, { path: 'app', content: bytes, mode: 0o755 }], {})
  const request = { tags: [image], buildArgs: {}, labels: testLabels(), noCache: false, pull: false }
  for await (const { error } of await engine.buildImage(folder, { dockerfile: 'Dockerfile', ...request })) {
    if (error !== undefined) throw new Error(error)
  }
  onTestFinished(() => engine.removeImage(image, { force: true }))
  return image
}

/** A volume, removed when the test ends: before the container that has it is, so by force. */
export async function volume(): Promise<string> {
  const name = uniqueName('anyon-files')
  await engineRequest('POST', '/volumes/create', { Name: name, Labels: testLabels() })
  onTestFinished(async () => {
    await engineRequest('DELETE', `/volumes/${name}?force=1`)
  })
  return name
}
