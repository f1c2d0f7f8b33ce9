import { packEntries } from '../../src/archives/pack-entries.js'
import type { ContainerEngine } from '../../src/engine/container-engine.js'
import { uniqueName } from '../../src/model/unique-name.js'
import { testLabels } from './engine.js'

export interface TestImage {
  readonly name: string
  remove(): Promise<void>
}

/** Builds an image of a test from the text of its Dockerfile, and programs that this may copy. */
export async function buildTestImage(
  engine: ContainerEngine,
  dockerfile: string,
  programs: Readonly<Record<string, Uint8Array>> = {},
): Promise<TestImage> {
  const name = `${uniqueName('anyon-test-image')}:1`
  const files = Object.entries(programs).map(([path, content]) => ({ path, content, mode: 0o755 }))
  const context = packEntries([{ path: 'Dockerfile', content: dockerfile }, ...files], {})
  const request = { tags: [name], buildArgs: {}, labels: testLabels(), noCache: false, pull: false }
  const steps = await engine.buildImage(context, { ...request, dockerfile: 'Dockerfile' })
  for await (const { error } of steps) if (error !== undefined) throw new Error(`build: ${error}`)
  return { name, remove: async () => void (await engine.removeImage(name, { force: true })) }
}
