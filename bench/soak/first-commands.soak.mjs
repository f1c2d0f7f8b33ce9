import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { DockerRunner } from '@anyon/containers'
import { openBadConnection } from './support/bad-connection.mjs'
import { drawing } from './support/draw.mjs'
import { echo, plannedCuts } from './support/echoes.mjs'
import { inParallel } from './support/in-parallel.mjs'

const AT_ONCE = 6
const COMMANDS = 3
const MOST_BYTES = 60_000
/** So that some commands begin before the first exec is there, some while it takes over, and some after. */
const MOST_APART_MS = 150
const streams = /\/attach\?|\/exec\/[^/]+\/start/
const source = randomBytes(2 * MOST_BYTES)

/** Runners that have just begun, every stream of which is cut at a random byte, either way. */
export async function run(bench, { cuts, seed }) {
  const { container } = await bench.container()
  const draw = drawing(seed)
  const bad = await openBadConnection(bench, streams, plannedCuts(draw, 3 * MOST_BYTES))
  const wrong = []
  const oneAfterTheOther = async (runner) => {
    for (let n = 0; n < COMMANDS; n++) {
      const input = source.subarray(draw(1000), 1000 + draw(MOST_BYTES))
      const [problem] = await Promise.all([echo(runner, input, draw(256)), delay(draw(MOST_APART_MS))])
      if (problem !== undefined) wrong.push(problem)
    }
  }
  try {
    await inParallel(cuts, AT_ONCE, async () => {
      const runner = new DockerRunner({ harness: bad.harness, container })
      await Promise.all([oneAfterTheOther(runner), oneAfterTheOther(runner)])
      await runner.close()
    })
  } finally {
    bad.mend()
    await bad.close()
  }
  for (const problem of wrong.slice(0, 10)) console.error('wrong:', problem)
  return [
    { what: 'runners that have just begun', value: cuts },
    { what: 'their streams, each cut at a random byte', value: bad.opened(), atLeast: cuts },
    { what: 'their commands', value: cuts * 2 * COMMANDS },
    { what: 'wrong bytes or ends of theirs', value: wrong.length, atMost: 0 },
  ]
}
