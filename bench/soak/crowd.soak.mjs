import { setTimeout as delay } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { inParallel } from './support/in-parallel.mjs'
import { hostState, processesOf, supervisorState } from './support/container-state.mjs'
import { kindCount, runMixed, runnerOptions } from './support/mixed-commands.mjs'

setFlagsFromString('--expose-gc')
globalThis.gc = runInNewContext('gc')

const AT_ONCE = 100
/** After which a supervisor has given back what only a rush needs. */
const IDLE_MS = 3000
/** As many as make every buffer and table as large as it becomes. */
const WARM_UP = 3 * AT_ONCE

/** Commands with all kinds of ends, in a row and many at a time, in one container over one connection. */
export async function run(bench, { commands, seed }) {
  const { container, runner } = await bench.container({}, runnerOptions)
  const wrong = []
  const batch = (count, width) =>
    inParallel(count, width, async (number) => {
      const problem = await runMixed(runner, number + seed)
      if (problem !== undefined) wrong.push(problem)
    })
  await batch(WARM_UP, AT_ONCE)
  await delay(IDLE_MS)
  const before = await states(bench, container)
  await batch(commands, 1)
  await batch(commands, AT_ONCE)
  await delay(IDLE_MS)
  const after = await states(bench, container)

  for (const problem of wrong.slice(0, 10)) console.error('wrong:', problem)
  const processes = await processesOf(bench.docker, container.id)
  const survivors = processes.filter(({ isSupervisor, isZombie }) => !isSupervisor && !isZombie)
  for (const { args } of survivors.slice(0, 10)) console.error('survivor:', args)
  const grown = (who, what) => after[who][what] - before[who][what]
  const title = `${commands} in a row and ${AT_ONCE} at a time, ${kindCount} kinds`
  return [
    { what: `${title}: wrong ends`, value: wrong.length, atMost: 0 },
    { what: 'survivors', value: survivors.length, atMost: 0 },
    { what: 'zombies', value: processes.filter(({ isZombie }) => isZombie).length, atMost: 0 },
    { what: 'descriptors more, supervisor', value: grown('supervisor', 'descriptors'), atMost: 0 },
    { what: 'descriptors more, host', value: grown('host', 'descriptors'), atMost: 0 },
    { what: 'memory more, supervisor', value: grown('supervisor', 'ownKb'), unit: 'KB', atMost: 128 },
    { what: 'memory more, host', value: grown('host', 'ownKb'), unit: 'KB', atMost: 2048 },
  ]
}

async function states(bench, container) {
  return { supervisor: await supervisorState(bench.docker, container.id), host: hostState() }
}
