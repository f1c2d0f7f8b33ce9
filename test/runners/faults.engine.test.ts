import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ensureSupervisorVolume } from '../../src/delivery/supervisor-volume.js'
import { connectEngine } from '../../src/engine/connect-engine.js'
import type { ContainerEngine } from '../../src/engine/container-engine.js'
import { DockerRunner } from '../../src/runners/docker-runner.js'
import { detachedCases } from '../../src/testing/detached-cases.js'
import { exitCases } from '../../src/testing/exit-cases.js'
import { longOutputCases } from '../../src/testing/long-output-cases.js'
import { outputCases } from '../../src/testing/output-cases.js'
import { readerCases } from '../../src/testing/reader-cases.js'
import { sessionCases } from '../../src/testing/session-cases.js'
import { stdinCases } from '../../src/testing/stdin-cases.js'
import { createRandom, seeded } from '../streaming/random.js'
import { BUSYBOX_IMAGE, testEndpoint } from '../support/engine.js'
import { startFaultProxy, type FaultProxy, type Faults } from '../support/fault-proxy.js'
import { engineArchitecture, startContainer, supervised, type TestContainer } from './container.js'

const execStream = /\/exec\/[^/]+\/start/
const cases = [
  ...exitCases,
  ...outputCases,
  ...longOutputCases,
  ...readerCases,
  ...stdinCases,
  ...detachedCases,
  ...sessionCases,
]

let container: TestContainer
beforeAll(async () => {
  const engine = await connectEngine({ host: testEndpoint() })
  const architecture = await engineArchitecture(engine)
  const volume = await ensureSupervisorVolume(engine, { image: BUSYBOX_IMAGE, architecture })
  await engine.close()
  container = await startContainer({ ...supervised(volume), Image: BUSYBOX_IMAGE })
})
afterAll(() => container?.remove())

const random = createRandom()

/** One plan for each connection: between 100 bytes and some megabytes, as many short as long. */
function randomCuts(): (nth: number) => { toEngine: number; toClient: number } {
  const plans: { toEngine: number; toClient: number }[] = []
  const draw = () => Math.round(100 * 2 ** (random.below(1700) / 100))
  return (nth) => (plans[nth] ??= { toEngine: draw(), toClient: draw() })
}

/** Megabytes, many commands or much waiting: these meet cuts, and would only be slow in small pieces. */
const long = [
  'a line of 64 MB is one line where that is asked for',
  '100 MB of a stream arrive with their hash',
  'a session keeps 64 MB of output whole',
  'streams that nobody reads hang nothing, and can be read afterwards',
  'leaving the loop early only stops listening',
  'a slow reader makes the process wait, and loses nothing',
  'a reader who stops delays no other command',
  'slow and fast readers at once: each has its own pace, and all of its bytes',
  'several read one command, each at its own pace and from its own place',
  'a process that does not wait for its reader ends before it, and the reader gets the newest',
  'an attached handle kills the whole tree and extends its time',
  'a spool that blocks makes the command wait and loses nothing',
  'no script ends a session',
  'a thousand commands in a session',
]
const longestOutputBytes = 16 * 1024 ** 2

interface Kind {
  name: string
  faults: () => Faults
  /** The cases that are not for it. */
  without: readonly string[]
  /** How often it has gone wrong. */
  count: (proxy: FaultProxy) => number
}

const execStreams = ({ requests }: FaultProxy) => requests.filter((line) => execStream.test(line)).length
const kinds: Kind[] = [
  {
    name: 'is cut at random bytes',
    faults: () => ({ only: execStream, cutAfterBytes: randomCuts() }),
    without: [],
    count: (proxy) => execStreams(proxy) - cases.length, // one for each is what it takes
  },
  {
    name: 'carries chunks byte by byte',
    faults: () => ({ chunking: 'bytewise' }),
    without: long,
    count: execStreams,
  },
  {
    name: 'is late by one time or another, and carries chunks in halves',
    faults: () => ({ delayMs: () => random.below(4), chunking: 'halved' }),
    without: long,
    count: execStreams,
  },
  {
    name: 'has answers overtake each other',
    faults: () => ({ reorder: true }),
    without: long,
    count: (proxy) => proxy.overtaken,
  },
]

test.each(long)('there is a case %j', (name) => {
  expect(cases.map((one) => one.name)).toContain(name)
})

describe.each(kinds)(`an engine connection that $name ${seeded}`, ({ faults, without, count }) => {
  let proxy: FaultProxy
  let engine: ContainerEngine
  let isOver = false
  let others: Promise<void>
  beforeAll(async () => {
    proxy = await startFaultProxy(testEndpoint(), faults())
    engine = await connectEngine({ host: proxy.endpoint })
    others = askOn()
  })
  afterAll(async () => {
    isOver = true
    await others
    await engine?.close()
    await proxy?.close()
  })

  /** Somebody else's calls over the same engine, whose answers come in between. */
  async function askOn(): Promise<void> {
    while (!isOver) await Promise.all([engine.inspectContainer(container.id), delay(20)])
  }

  for (const { name, run } of cases.filter((one) => !without.includes(one.name))) {
    test(name, { timeout: 60_000 }, () =>
      run(() => new DockerRunner({ harness: { engine }, container }), { longestOutputBytes }),
    )
  }

  test('was as bad as that', () => {
    expect(count(proxy)).toBeGreaterThan(20)
  })
})
