import { once } from 'node:events'
import { shell } from '@anyon/containers'
import {
  execWithInspect,
  mustSucceed,
  openExec,
  openWorkbench,
  repeated,
  timed,
} from './support/workbench.mjs'

const REPEATS = 24

export const name = 'session'
export const unit = 'ms'
export const rounds = 21
export const bars = [
  { what: 'a program in a session', against: 'dockerode', atMost: 1 / 15 },
  { what: 'a script in a session', of: 'our script', against: 'dockerode', atMost: 1 / 15 },
  { what: 'a script in a session', of: 'our script', against: 'a running sh' },
]

let bench

export async function contenders() {
  bench = await openWorkbench()
  const { docker } = bench
  const { container, runner } = await bench.container()
  const session = await runner.openSession({ cwd: '/tmp' })
  bench.onClose(() => session.close())
  const running = await openExec(docker, container.id, ['sh'])
  bench.onClose(async () => running.destroy())

  return {
    ours: repeated(REPEATS, async () => mustSucceed(await session.run(['/bin/true']))),
    'our script': repeated(REPEATS, async () => mustSucceed(await session.run(shell('n=$((n+1))')))),
    'a running sh': repeated(REPEATS, async () => {
      running.write('/bin/true; echo\n')
      await once(running, 'data')
    }),
    dockerode: () => timed(() => execWithInspect(docker, container.id, ['/bin/true'])),
  }
}

export const close = () => bench?.close()
