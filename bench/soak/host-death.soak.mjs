import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { processesOf } from './support/container-state.mjs'
import { DETACHED, ORPHAN_GRACE_MS } from './support/host.mjs'
import { drawing } from './support/draw.mjs'

const host = fileURLToPath(new URL('support/host.mjs', import.meta.url))
const AT_ONCE = 4
/** Beyond the grace: the supervisor's signal, its own grace, and a busy machine. */
const PATIENCE_MS = 15_000

/** Hosts that are killed while their commands run and are started. */
export async function run(bench, { deaths, seed }) {
  const { container, runner } = await bench.container()
  const draw = drawing(seed)
  let killed = 0
  let slowestMs = 0
  const survivors = []
  const lost = []
  while (killed < deaths) {
    const words = Array.from(
      { length: Math.min(AT_ONCE, deaths - killed) },
      (_, n) => `soak-host-${killed + n}-end`,
    )
    await Promise.all(words.map((word) => liveAndDie(bench.endpoint, container.id, word, draw(300))))
    killed += words.length
    const { left, ms } = await untilGone(bench.docker, container.id, words)
    slowestMs = Math.max(slowestMs, ms)
    survivors.push(...left)
    lost.push(...(await Promise.all(words.map((word) => whatIsWrong(runner, word)))).flat())
  }
  for (const { args } of survivors.slice(0, 10)) console.error('survivor:', args)
  for (const problem of lost.slice(0, 10)) console.error('lost:', problem)
  return [
    { what: 'hosts killed with SIGKILL in mid-run', value: killed, atLeast: deaths },
    { what: 'attached survivors after the grace', value: survivors.length, atMost: 0 },
    { what: 'detached commands lost, or with wrong bytes or ends', value: lost.length, atMost: 0 },
    { what: 'until the last was gone, beyond the grace', value: slowestMs - ORPHAN_GRACE_MS, unit: 'ms' },
  ]
}

/** Attaches to what a dead host has detached, from its first byte. Gives nothing, or what is wrong. */
async function whatIsWrong(runner, id) {
  try {
    const command = await runner.attach(id)
    const [text, { code }] = [await command.text(), await command.exit]
    const expected = Array.from({ length: DETACHED.lines }, (_, index) => `line ${index}\n`).join('')
    await runner.forget(id)
    return text === expected && code === DETACHED.code ? [] : [`${id}: ${code}, ${JSON.stringify(text)}`]
  } catch (error) {
    return [`${id}: ${error}`]
  }
}

async function liveAndDie(endpoint, id, word, afterMs) {
  const child = spawn(process.execPath, [host, endpoint, id, word], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exit = once(child, 'exit').then(([code]) => {
    if (code !== null) throw new Error(`the host ended by itself, with ${code}`)
  })
  await Promise.race([once(child.stdout, 'data'), exit])
  await delay(afterMs)
  child.kill('SIGKILL')
  await exit
}

async function untilGone(docker, id, words) {
  const startedAt = performance.now()
  for (;;) {
    const all = await processesOf(docker, id)
    const left = all.filter(({ args }) => words.some((word) => args.includes(word)))
    const ms = performance.now() - startedAt
    if (left.length === 0 || ms > PATIENCE_MS) return { left, ms }
    await delay(20)
  }
}
