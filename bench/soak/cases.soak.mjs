import { runnerCases } from '@anyon/containers/testing'
import { loadSource } from '../support/load-source.mjs'
import { drawing } from './support/draw.mjs'
import { inParallel } from './support/in-parallel.mjs'
import { runnerOptions } from './support/mixed-commands.mjs'

const AT_ONCE = 5
const sizes = { longestOutputBytes: 1024 ** 2 }
const env = { ANYON_CASE_INHERITED: 'yes', ANYON_CASE_OTHER: 'no' }
/** What wants the process or the container for itself, or much time. */
const apart = [
  'inheritEnv passes on what it names and nothing else',
  '100 MB of a stream arrive with their hash',
  'a listener that throws harms only itself',
  'a gigabyte of output keeps its hash, and is never held in memory',
  'a line of 64 MB is one line where that is asked for',
  'two hundred kills from 0 to 50 ms after spawn leave nothing',
  'a fork bomb at its limit of processes is killed, provably',
  'two hundred commands at once, one of which has a slow reader',
  'a session keeps 64 MB of output whole',
  'a thousand commands in a session',
]

/** What every runner does, again and again and several at once over one connection, in an order that is drawn. */
export async function run(bench, { passes, seed }) {
  const { SharedRunner } = await loadSource('test/support/shared-runner.ts')
  const { runner } = await bench.container({ env }, runnerOptions)
  const missing = apart.filter((name) => !runnerCases.some((known) => known.name === name))
  if (missing.length > 0) throw new Error(`There is no case ${missing.join(', ')} any more.`)
  const cases = runnerCases.filter(({ name }) => !apart.includes(name))
  const draw = drawing(seed)
  const queue = Array.from({ length: passes }, () => shuffled(cases, draw)).flat()
  const failures = []
  await inParallel(queue.length, AT_ONCE, async (number) => {
    const { name, run } = queue[number]
    await run(() => new SharedRunner(runner), sizes).catch((error) => failures.push({ name, error }))
  })
  for (const { name, error } of failures.slice(0, 10)) console.error('wrong:', name, error)
  return [
    { what: `runner cases, ${AT_ONCE} at once: failed`, value: failures.length, atMost: 0 },
    { what: 'runner cases tried', value: queue.length },
  ]
}

function shuffled(items, draw) {
  const left = [...items]
  return items.map(() => left.splice(draw(left.length), 1)[0])
}
