import { randomBytes } from 'node:crypto'
import { DockerRunner } from '@anyon/containers'
import { openBadConnection } from './support/bad-connection.mjs'
import { drawing } from './support/draw.mjs'
import { echo, plannedCuts } from './support/echoes.mjs'

const RUNNERS = 4
const COMMANDS_AT_ONCE = 3
const MOST_BYTES = 150_000
const execStream = /\/exec\/[^/]+\/start/
const source = randomBytes(2 * MOST_BYTES)

/** Connections that are cut at random bytes, either way, while commands read, write and end on them. */
export async function run(bench, { cuts, seed }) {
  const { container } = await bench.container()
  const draw = drawing(seed)
  const bad = await openBadConnection(bench, execStream, plannedCuts(draw, 2 * MOST_BYTES))
  const { harness, opened: streams } = bad
  const wrong = []
  let commands = 0
  let bytes = 0
  const load = async (runner) => {
    while (streams() - RUNNERS < cuts) {
      const input = source.subarray(draw(1000), 1000 + draw(MOST_BYTES))
      const code = draw(256)
      const problem = await echo(runner, input, code)
      if (problem !== undefined) wrong.push(problem)
      commands++
      bytes += 2 * input.length
    }
  }
  const runners = Array.from({ length: RUNNERS }, () => new DockerRunner({ harness, container }))
  try {
    await Promise.all(
      runners.flatMap((runner) => Array.from({ length: COMMANDS_AT_ONCE }, () => load(runner))),
    )
  } finally {
    bad.mend()
    await Promise.all(runners.map((runner) => runner.close()))
    await bad.close()
  }
  for (const problem of wrong.slice(0, 10)) console.error('wrong:', problem)
  return [
    { what: 'connections cut at random bytes', value: streams() - RUNNERS, atLeast: cuts },
    { what: 'commands meanwhile', value: commands },
    { what: 'bytes in and out', value: bytes / 1e6, unit: 'MB' },
    { what: 'wrong bytes or ends', value: wrong.length, atMost: 0 },
  ]
}
