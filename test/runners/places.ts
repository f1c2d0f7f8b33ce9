import { afterAll, beforeAll, onTestFinished } from 'vitest'
import { ensureSupervisorVolume } from '../../src/delivery/supervisor-volume.js'
import { connectEngine } from '../../src/engine/connect-engine.js'
import type { ContainerEngine } from '../../src/engine/container-engine.js'
import { DockerRunner, type DockerRunnerOptions } from '../../src/runners/docker-runner.js'
import { BUSYBOX_IMAGE, testEndpoint } from '../support/engine.js'
import {
  engineArchitecture,
  startContainer,
  supervised,
  type CreateBody,
  type TestContainer,
} from './container.js'

/** Containers and runners of one test file, gone when the test ends that made them. */
export interface Places {
  readonly engine: ContainerEngine
  /** One whose process 1 is the supervisor. */
  ours(hostConfig?: Record<string, unknown>, body?: Partial<CreateBody>): Promise<TestContainer>
  /** One with a main process of its own. */
  others(body?: Partial<CreateBody>): Promise<TestContainer>
  runner(container: { id: string }, options?: Partial<DockerRunnerOptions>): DockerRunner
}

/** For the top of a test file: connects before its tests and closes after them. */
export function usePlaces(): Places {
  let engine: ContainerEngine
  beforeAll(async () => {
    engine = await connectEngine({ host: testEndpoint() })
  })
  afterAll(() => engine.close())
  const start = async (body: CreateBody) => {
    const container = await startContainer(body)
    onTestFinished(container.remove)
    return container
  }
  return {
    get engine() {
      return engine
    },
    ours: async (hostConfig = {}, more = {}) => {
      const architecture = await engineArchitecture(engine)
      const body = supervised(await ensureSupervisorVolume(engine, { image: BUSYBOX_IMAGE, architecture }))
      return start({
        Image: BUSYBOX_IMAGE,
        ...body,
        ...more,
        HostConfig: { ...body.HostConfig, ...hostConfig },
      })
    },
    others: (body = {}) => start({ Image: BUSYBOX_IMAGE, Cmd: ['sleep', '600'], ...body }),
    runner: (container, options = {}) => {
      const runner = new DockerRunner({ harness: { engine }, container, ...options })
      onTestFinished(() => runner.close())
      return runner
    },
  }
}
