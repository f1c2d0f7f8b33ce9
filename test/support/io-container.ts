import { randomBytes } from 'node:crypto'
import { connectEngine } from '../../src/engine/connect-engine.js'
import type { ContainerEngine } from '../../src/engine/container-engine.js'
import type { CreateRequest } from '../../src/engine/engine-types.js'
import { BUSYBOX_IMAGE, testEndpoint, testLabels } from './engine.js'

/** The shared engine, or another place such as a proxy before it. */
export function testEngine(endpoint = testEndpoint()): Promise<ContainerEngine> {
  return connectEngine({ host: endpoint, env: {} })
}

/** A container of busybox that sleeps, unless said otherwise. Not started. */
export async function createTestContainer(
  engine: ContainerEngine,
  request: Partial<CreateRequest> = {},
): Promise<string> {
  const { id } = await engine.createContainer({
    name: `io-${randomBytes(6).toString('hex')}`,
    image: BUSYBOX_IMAGE,
    command: ['sleep', '600'],
    env: {},
    terminal: false,
    openStdin: false,
    engineInit: true,
    readOnlyRoot: false,
    mounts: [],
    ports: [],
    network: 'none',
    extraHosts: [],
    dns: [],
    capDrop: [],
    capAdd: [],
    noNewPrivileges: false,
    securityOptions: [],
    privileged: false,
    logMaxBytes: 10_000_000,
    logMaxFiles: 3,
    ulimits: [],
    ...request,
    labels: { ...testLabels(), ...request.labels },
  })
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
