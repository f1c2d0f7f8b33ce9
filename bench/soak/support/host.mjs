// node host.mjs <endpoint> <container> <word>
// Runs commands with the word in their arguments until it is killed, and prints a line once some of them run, and one
// that is detached and has the word as its id.
import { fileURLToPath } from 'node:url'
import { DockerHarness, DockerRunner } from '@anyon/containers'

export const ORPHAN_GRACE_MS = 300
/** What the detached command of each host prints, and ends with. */
export const DETACHED = { lines: 100, code: 5 }

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(...process.argv.slice(2))

async function main(host, container, word) {
  const harness = await connect(host)
  const runner = new DockerRunner({ harness, container, orphanGraceMs: ORPHAN_GRACE_MS })
  const stubborn = `trap '' TERM HUP INT; setsid sh -c 'trap "" TERM; while :; do sleep 1; done' ${word} & `
  const scripts = ['while :; do sleep 1; done', `${stubborn} while :; do sleep 1; done`, 'yes']
  const counting = `i=0; while [ $i -lt ${DETACHED.lines} ]; do echo "line $i"; i=$((i+1)); sleep 0.01; done`
  const detached = runner.spawn(['sh', '-c', `${counting}; exit ${DETACHED.code}`], {
    detached: true,
    id: word,
  })
  await detached.started
  const commands = scripts.map((script) => runner.spawn(['sh', '-c', script, word], { graceMs: 100 }))
  await Promise.all(commands.map(({ started }) => started))
  console.log('ready')
  // Always one that is just being started.
  for (;;) await runner.run(['sh', '-c', ':', word])
}

/** An engine that many hosts turn to at once may be slow to answer, which is not what is looked at. */
async function connect(host) {
  for (let left = 5; ; left--) {
    try {
      return await DockerHarness.connect({ host })
    } catch (error) {
      if (left === 0 || !error.retryable) throw error
    }
  }
}
