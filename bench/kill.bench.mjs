import { openWorkbench, timed } from './support/workbench.mjs'

const GRACE_MS = 100

/** Twenty processes and their shell, that do all they can not to be found or ended. */
const HOSTILE = `
trap '' TERM HUP INT
for n in 1 2 3 4 5; do
  setsid sh -c 'while :; do sleep 1000; done' &
  (env -i setsid sleep 1000 &)
  (sleep 1000 & kill -STOP $!)
done
until [ $(grep -l '^sleep' /proc/[0-9]*/cmdline 2>/dev/null | wc -l) -ge 10 ]; do sleep 0.05; done
echo ready
while :; do sleep 1000; done
`

export const name = 'kill'
export const unit = 'ms'
export const rounds = 15
export const bars = [{ what: 'kill of 20 hostile processes, after the grace', atMost: 10 }]

let bench

export async function contenders() {
  bench = await openWorkbench()
  const { runner } = await bench.container()
  return {
    async ours() {
      const command = runner.spawn(['sh', '-c', HOSTILE])
      for await (const line of command.lines()) if (line === 'ready') break
      let report
      const ms = await timed(async () => (report = await command.kill({ graceMs: GRACE_MS })))
      const { verified, survivors, killed } = report
      if (!verified || survivors.length > 0) throw new Error(`not all gone: ${JSON.stringify(report)}`)
      // A shell may have reaped the child that it waits for before its own turn came.
      if (killed < 15) throw new Error(`only ${killed} processes were there`)
      await command.exit
      return ms - GRACE_MS
    },
  }
}

export const close = () => bench?.close()
