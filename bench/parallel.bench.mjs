import { execWithInspect, mustSucceed, openWorkbench, timed } from './support/workbench.mjs'

const AT_ONCE = 32

export const name = 'parallel'
export const unit = 'ms'
export const rounds = 7
export const bars = [{ what: '32 `true` at once in one container', against: 'dockerode', atMost: 1 / 30 }]

let bench

export async function contenders() {
  bench = await openWorkbench()
  const { container, runner } = await bench.container()
  const together = (work) => () => timed(() => Promise.all(Array.from({ length: AT_ONCE }, work)))
  return {
    ours: together(async () => mustSucceed(await runner.run(['/bin/true']))),
    dockerode: together(() => execWithInspect(bench.docker, container.id, ['/bin/true'])),
  }
}

export const close = () => bench?.close()
