import { once } from 'node:events'
import {
  execWithInspect,
  mustSucceed,
  openExec,
  openWorkbench,
  repeated,
  timed,
} from './support/workbench.mjs'

const REPEATS = 24

export const name = 'command'
export const unit = 'ms'
export const rounds = 21
export const bars = [
  { what: '`true`, connection open', against: 'dockerode', atMost: 1 / 25 },
  { what: '`true`, connection open', against: 'a running sh', atMost: 2 },
  { what: '`true`, connection open', against: 'docker CLI' },
]

let bench

export async function contenders() {
  bench = await openWorkbench()
  const { docker, cli } = bench
  const { container, runner } = await bench.container()
  const shell = await openExec(docker, container.id, ['sh'])
  bench.onClose(async () => shell.destroy())

  return {
    ours: repeated(REPEATS, async () => mustSucceed(await runner.run(['/bin/true']))),
    'a running sh': repeated(REPEATS, async () => {
      shell.write('/bin/true; echo\n')
      await once(shell, 'data')
    }),
    dockerode: () => timed(() => execWithInspect(docker, container.id, ['/bin/true'])),
    'docker CLI': () => timed(() => cli('exec', container.id, '/bin/true')),
  }
}

export const close = () => bench?.close()
