import { onTestFinished } from 'vitest'
import type { Container } from '../../src/harness/container.js'
import type { CreateOptions } from '../../src/harness/create-options.js'
import { DockerHarness, type HarnessOptions } from '../../src/harness/docker-harness.js'
import { BUSYBOX_IMAGE, engineRequest, testEndpoint, testLabels } from './engine.js'

/** A harness of the shared engine, or of another place such as a proxy before it; closed when the test ends. */
export async function testHarness(
  options: HarnessOptions & { endpoint?: string } = {},
): Promise<DockerHarness> {
  const { endpoint = testEndpoint(), ...rest } = options
  const harness = await DockerHarness.connect({ host: endpoint, env: {}, ...rest })
  onTestFinished(() => harness.close())
  return harness
}

/** A container of busybox on no network, removed when the test ends, whatever became of the harness. */
export async function testContainer(
  harness: DockerHarness,
  options: Partial<CreateOptions> = {},
): Promise<Container> {
  const container = await harness.create({
    image: BUSYBOX_IMAGE,
    network: 'none',
    pullPolicy: 'never',
    ...options,
    labels: { ...testLabels(), ...options.labels },
  })
  onTestFinished(() => removeByEngine(container.id))
  return container
}

/** By a plain request, so that the test's own harness has no part in it. */
export async function removeByEngine(id: string): Promise<void> {
  await engineRequest('DELETE', `/containers/${id}?force=1&v=1`)
}

/** A shell script as a command. */
export function sh(script: string): { command: string[] } {
  return { command: ['sh', '-c', script] }
}

/** What the engine itself says of a container. */
export async function rawInspect(id: string): Promise<RawInspection> {
  const { status, body } = await engineRequest('GET', `/containers/${id}/json`)
  return { there: status === 200, ...(body as object) } as RawInspection
}

/** The part of the engine's inspect that tests look at. */
export interface RawInspection {
  there: boolean
  Id: string
  State: { Status: string; ExitCode: number; Pid: number }
  Config: { Labels: Record<string, string>; User: string; Env: string[]; Entrypoint: string[] | null }
  HostConfig: {
    AutoRemove: boolean
    RestartPolicy: { Name: string }
    Init: boolean
    CapDrop: string[] | null
    CapAdd: string[] | null
    SecurityOpt: string[] | null
    LogConfig: { Type: string; Config: Record<string, string> }
  }
  NetworkSettings: { Ports: Record<string, { HostIp: string; HostPort: string }[] | null> }
}
