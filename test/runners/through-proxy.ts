import { onTestFinished } from 'vitest'
import { connectEngine } from '../../src/engine/connect-engine.js'
import type { ContainerEngine } from '../../src/engine/container-engine.js'
import { DockerRunner, type DockerRunnerOptions } from '../../src/runners/docker-runner.js'
import { testEndpoint } from '../support/engine.js'
import { startFaultProxy, type FaultProxy, type Faults } from '../support/fault-proxy.js'

/** A runner whose engine is behind a proxy in which things go wrong; all is closed when the test ends. */
export async function throughProxy(
  container: DockerRunnerOptions['container'],
  faults: Faults,
  options: Partial<DockerRunnerOptions> = {},
): Promise<{ proxy: FaultProxy; engine: ContainerEngine; runner: DockerRunner }> {
  const proxy = await startFaultProxy(testEndpoint(), faults)
  onTestFinished(() => proxy.close())
  const engine = await connectEngine({ host: proxy.endpoint })
  onTestFinished(() => engine.close())
  const runner = new DockerRunner({ harness: { engine }, container, ...options })
  onTestFinished(() => runner.close())
  return { proxy, engine, runner }
}
