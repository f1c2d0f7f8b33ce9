import { setTimeout as delay } from 'node:timers/promises'
import { DockerRunner } from '@anyon/containers'
import { execWithInspect, mustSucceed, openWorkbench, timed } from './support/workbench.mjs'

/** So long an engine still clears up after an exec, which is not the next one's to pay. */
const CLEARING_MS = 60

export const name = 'connect'
export const unit = 'ms'
export const rounds = 41
export const bars = [{ what: 'a first `true`, connection to open', against: 'dockerode', atMost: 1 / 4 }]

let bench

export async function contenders() {
  bench = await openWorkbench()
  const { docker, harness } = bench
  const { container } = await bench.container()
  return {
    async ours() {
      await delay(CLEARING_MS)
      const runner = new DockerRunner({ harness, container })
      const ms = await timed(async () => mustSucceed(await runner.run(['/bin/true'])))
      await runner.close()
      return ms
    },
    async dockerode() {
      await delay(CLEARING_MS)
      return timed(() => execWithInspect(docker, container.id, ['/bin/true']))
    },
  }
}

export const close = () => bench?.close()
