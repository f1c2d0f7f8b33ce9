import { once } from 'node:events'
import { DockerRunner } from '@anyon/containers'
import {
  execWithInspect,
  mustSucceed,
  openExec,
  openWorkbench,
  repeated,
  timed,
} from './support/workbench.mjs'

const REPEATS = 8
const AT_ONCE = 32

export const name = 'command'
export const unit = 'ms'
export const rounds = 21
export const bars = [
  { what: '`true`, connection open', against: 'dockerode', atMost: 1 / 25 },
  { what: '`true`, connection open', against: 'a running sh', atMost: 2 },
  { what: '`true`, connection open', against: 'docker CLI' },
  { what: '`true`, connection to open', of: 'first', against: 'dockerode', atMost: 1 },
  { what: '32 `true` at once', of: '32', against: '32 dockerode', atMost: 1 / 30 },
]

let bench

export async function contenders() {
  bench = await openWorkbench()
  const { docker, harness, cli } = bench
  const { container, runner } = await bench.container()
  const run = async (runner) => mustSucceed(await runner.run(['/bin/true']))
  const exec = () => execWithInspect(docker, container.id, ['/bin/true'])
  const shell = await openExec(docker, container.id, ['sh'])
  bench.onClose(async () => shell.destroy())
  const together = (work) => () => timed(() => Promise.all(Array.from({ length: AT_ONCE }, work)))

  return {
    ours: repeated(REPEATS, () => run(runner)),
    'a running sh': repeated(REPEATS, async () => {
      shell.write('/bin/true; echo\n')
      await once(shell, 'data')
    }),
    dockerode: () => timed(exec),
    'docker CLI': () => timed(() => cli('exec', container.id, '/bin/true')),
    async first() {
      const fresh = new DockerRunner({ harness, container })
      const ms = await timed(() => run(fresh))
      await fresh.close()
      return ms
    },
    32: together(() => run(runner)),
    '32 dockerode': together(exec),
  }
}

export const close = () => bench?.close()
