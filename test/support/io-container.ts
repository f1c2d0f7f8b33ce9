import { connectEngine } from '../../src/engine/connect-engine.js'
import type { ContainerEngine } from '../../src/engine/container-engine.js'
import type { CreateRequest } from '../../src/engine/engine-types.js'
import { createRequest, freshName } from './create-request.js'
import { testEndpoint } from './engine.js'

/** The shared engine, or another place such as a proxy before it. */
export function testEngine(endpoint = testEndpoint()): Promise<ContainerEngine> {
  return connectEngine({ host: endpoint, env: {} })
}

/** A container of busybox that sleeps, unless said otherwise. Not started. */
export async function createTestContainer(
  engine: ContainerEngine,
  request: Partial<CreateRequest> = {},
): Promise<string> {
  const { id } = await engine.createContainer(createRequest({ name: freshName('io'), ...request }))
  return id
}

export async function startTestContainer(
  engine: ContainerEngine,
  request: Partial<CreateRequest> = {},
): Promise<string> {
  const id = await createTestContainer(engine, request)
  await engine.startContainer(id)
  return id
}

export function removeTestContainer(engine: ContainerEngine, id: string): Promise<void> {
  return engine.removeContainer(id, { force: true, volumes: true })
}
