// node stalled-reader.mjs <endpoint> <container>
// Starts a command that writes 4 GiB, reads its first chunk and no more, and prints what that does, as JSON.
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { DockerHarness, DockerRunner } from '@anyon/containers'

const SIBLINGS = 100
const STALL_MS = 1000

const [host, id] = process.argv.slice(2)
const harness = await DockerHarness.connect({ host })
const container = harness.container(id)
const runner = new DockerRunner({ harness, container })

await siblings() // not counted: the compiler's
const before = await siblings()
const rss = process.memoryUsage.rss()

const command = runner.spawn(['dd', 'if=/dev/zero', 'bs=65536', 'count=65536'])
command.stdout.once('data', () => command.stdout.pause())
await once(command.stdout, 'data')
let most = 0
const watch = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 10)
await delay(STALL_MS)
const during = await siblings()
clearInterval(watch)

const stoppedAt = performance.now()
await container.stop()
const stop = performance.now() - stoppedAt
const { reason } = await command.exit
if (reason === 'exited') throw new Error('the command ended though nobody read it')
await harness.close()
console.log(JSON.stringify({ memory: (most - rss) / 1024 ** 2, before, during, stop }))
process.exit()

/** Median time of a `true` in the same container, over the same connection. */
async function siblings() {
  const all = []
  for (let n = 0; n < SIBLINGS; n++) {
    const startedAt = performance.now()
    await runner.run(['/bin/true'])
    all.push(performance.now() - startedAt)
  }
  return all.sort((a, b) => a - b)[SIBLINGS >> 1]
}
