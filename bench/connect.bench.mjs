import { DockerRunner } from '@anyon/containers'
import { execWithInspect, mustSucceed, openWorkbench, timed } from './support/workbench.mjs'

export const name = 'connect'
export const unit = 'ms'
export const rounds = 41
export const bars = [{ what: 'a first `true`, connection to open', against: 'dockerode', atMost: 1 }]

let bench

export async function contenders() {
  bench = await openWorkbench()
  const { docker, harness } = bench
  const { container } = await bench.container()
  return {
    async ours() {
      const runner = new DockerRunner({ harness, container })
      const ms = await timed(async () => mustSucceed(await runner.run(['/bin/true'])))
      await runner.close()
      return ms
    },
    dockerode: () => timed(() => execWithInspect(docker, container.id, ['/bin/true'])),
  }
}

export const close = () => bench?.close()
