import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Command } from '../../src/command/command.js'
import type { DockerRunnerOptions } from '../../src/runners/docker-runner.js'
import { createRandom } from '../streaming/random.js'
import { BUSYBOX_IMAGE } from '../support/engine.js'
import type { FaultProxy, Faults } from '../support/fault-proxy.js'
import { firstLine, forever, uniqueWord, withWord } from '../../src/testing/case-tools.js'
import { throughProxy } from './through-proxy.js'
import { startContainer, type TestContainer } from './container.js'

const execStream = /\/exec\/[^/]+\/start/
const twentyMegabytes = randomBytes(20_000_000)
const twentyMegabytesHash = sha256(twentyMegabytes)

let container: TestContainer
beforeAll(async () => {
  container = await startContainer({ Image: BUSYBOX_IMAGE, Cmd: ['sleep', '600'] })
})
afterAll(() => container?.remove())

const through = (faults: Faults = {}, options: Partial<DockerRunnerOptions> = {}) =>
  throughProxy(container, { only: execStream, ...faults }, options)

/** How many streams there were to a supervisor. */
const streams = ({ requests }: FaultProxy) => requests.filter((line) => execStream.test(line)).length

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** No engine can be reached for so long. */
async function outage(proxy: FaultProxy, ms: number): Promise<void> {
  proxy.faults = { refuseConnections: true }
  expect(proxy.cut()).toBeGreaterThan(0)
  await delay(ms)
  proxy.faults = {}
}

describe('a command whose connection is cut goes on', () => {
  test.each(['toEngine', 'toClient'] as const)('at any byte of its life, %s', async (direction) => {
    const script = 'echo out; echo err >&2; cat; exit 3'
    const cutAfter = async (bytes: number) => {
      const { proxy, runner } = await through({
        cutAfterBytes: (nth) => (nth === 0 ? { [direction]: bytes } : {}),
      })
      const { exit, stdout, stderr } = await runner.run(['sh', '-c', script], { stdin: `input ${bytes}\n` })
      expect({ reason: exit.reason, code: exit.code, stdout, stderr }, `cut after ${bytes}`).toEqual({
        reason: 'exited',
        code: 3,
        stdout: `out\ninput ${bytes}\n`,
        stderr: 'err\n',
      })
      return streams(proxy)
    }
    const all: number[] = []
    const phase = createRandom().below(17) // so that every byte has its turn
    const offsets = Array.from({ length: 48 }, (_, index) => 120 + phase + index * 17)
    while (offsets.length > 0) all.push(...(await Promise.all(offsets.splice(0, 6).map(cutAfter))))
    expect(Math.max(...all)).toBeGreaterThanOrEqual(2) // a slow engine may need another attempt
  })

  test.each([
    ['once', 1],
    ['ten times', 10],
  ])('%s, with no byte of stdin or stdout lost or repeated', async (_name, times) => {
    const cutAfterBytes = (nth: number) =>
      nth < times ? { toEngine: 900_001 + 77_777 * nth, toClient: 1_300_003 + 55_555 * nth } : {}
    const { proxy, runner } = await through({ cutAfterBytes })
    const [sum, copy, back] = await Promise.all([
      runner.run(['sha256sum'], { stdin: twentyMegabytes }),
      hashOf(runner.spawn(['sh', '-c', 'head -c 20000000 /dev/zero; exit 9'])),
      hashOf(runner.spawn(['cat'], { stdin: twentyMegabytes })),
    ])
    expect(sum.stdout.slice(0, 64)).toBe(twentyMegabytesHash)
    expect(copy).toEqual([sha256(Buffer.alloc(20_000_000)), 9])
    expect(back).toEqual([twentyMegabytesHash, 0])
    expect(streams(proxy)).toBeGreaterThan(times)
  })

  test.each(['toEngine', 'toClient'] as const)(
    'ten times before it could begin, %s, and runs once',
    async (direction) => {
      const { proxy, runner } = await through({
        cutAfterBytes: (nth) => (nth < 10 ? { [direction]: 40 * nth } : {}),
      })
      const { exit, stdout } = await runner.run([
        'sh',
        '-c',
        'echo ran >> /tmp/$1; cat /tmp/$1',
        'sh',
        uniqueWord(),
      ])
      expect([exit.reason, exit.code, stdout]).toEqual(['exited', 0, 'ran\n'])
      expect(streams(proxy)).toBe(11)
    },
  )

  test('by an outage, and neither its reader nor its writer notices', async () => {
    const { proxy, runner } = await through()
    const command = runner.spawn(['sh', '-c', 'while read -r line; do echo "got $line"; done; exit 4'], {
      stdin: 'pipe',
    })
    const lines = command.lines()[Symbol.asyncIterator]()
    command.stdin.write('one\n')
    expect((await lines.next()).value).toBe('got one')
    const over = outage(proxy, 500)
    command.stdin.write('two\n')
    expect((await lines.next()).value).toBe('got two')
    await over
    command.stdin.end('three\n')
    expect((await lines.next()).value).toBe('got three')
    expect(await command.exit).toMatchObject({ reason: 'exited', code: 4 })
  })

  test('and what ends meanwhile, is killed, is out of time, or is started afterwards, is told so', async () => {
    const { proxy, runner } = await through()
    const word = uniqueWord()
    const ends = runner.spawn(['sh', '-c', 'echo ready; sleep 0.2; echo late; exit 7'])
    const killed = runner.spawn(forever(word))
    const late = runner.spawn(forever(word), { timeoutMs: 1000 })
    await Promise.all([ends, killed, late].map(firstLine))
    const over = outage(proxy, 1200)
    const report = killed.kill()
    const after = runner.run(['echo', 'after'])
    await over
    expect(await ends.exit).toMatchObject({ reason: 'exited', code: 7 })
    expect(await ends.text()).toContain('late')
    expect(await report).toMatchObject({ verified: true })
    expect((await killed.exit).reason).toBe('killed')
    expect(await late.exit).toMatchObject({ reason: 'timeout', evidence: 'wait4' })
    expect((await after).stdout).toBe('after\n')
    expect(await withWord(runner, word)).toEqual([])
  })

  test('ten times where somebody else started it, and its reader has every byte from where it came in', async () => {
    const id = uniqueWord()
    const { runner: starter } = await through()
    await starter.files.write(`/tmp/${id}`, twentyMegabytes)
    const script = 'head -c 1000 $1; until [ -e $1.go ]; do sleep 0.05; done; tail -c +1001 $1; exit 6'
    const spool = { maxBytes: 65_536, whenFull: 'block' } as const
    const first = starter.spawn(['sh', '-c', script, 'sh', `/tmp/${id}`], { detached: true, id, spool })
    await once(first.stdout, 'readable')
    const { proxy, runner } = await through({
      cutAfterBytes: (nth) => (nth < 10 ? { toClient: 300_001 + 55_555 * nth } : {}),
    })
    const reader = hashOf(await runner.attach(id, { fromStdoutByte: 900 }))
    await starter.files.write(`/tmp/${id}.go`, '')
    first.stdout.resume()
    expect(await reader).toEqual([sha256(twentyMegabytes.subarray(900)), 6])
    expect(streams(proxy)).toBeGreaterThan(10)
    await starter.forget(id)
  })

  test('by a link that is dead without having ended', async () => {
    const { proxy, runner } = await through({}, { heartbeatMs: 200 })
    const command = runner.spawn(['sh', '-c', 'echo ready; read -r line; echo "$line"; exit 5'], {
      stdin: 'pipe',
    })
    await firstLine(command)
    proxy.faults = { only: execStream, swallow: true }
    command.stdin.end('still there\n')
    await expect.poll(() => streams(proxy)).toBeGreaterThan(1)
    proxy.faults = {}
    expect(await command.exit).toMatchObject({ reason: 'exited', code: 5 })
    expect(await command.text()).toContain('still there')
  })

  test('at random, for some seconds, among many with mixed ends', async () => {
    const cutAfterBytes = (nth: number) => ({ toEngine: random(nth * 2), toClient: random(nth * 2 + 1) })
    const { proxy, runner } = await through({ cutAfterBytes })
    const until = performance.now() + 12_000
    const worker = async (seed: number) => {
      for (let round = 0; performance.now() < until; round++) {
        const size = random(seed * 1000 + round) % 150_000
        const code = round % 200
        const input = twentyMegabytes.subarray(size, size + size)
        const script = `cat; echo side >&2; exit ${code}`
        const { exit, stdoutBytes, stderr } = await runner.run(['sh', '-c', script], { stdin: input })
        expect([exit.reason, exit.code, stderr, sha256(stdoutBytes)]).toEqual([
          'exited',
          code,
          'side\n',
          sha256(input),
        ])
      }
    }
    await Promise.all([1, 2, 3, 4].map(worker))
    expect(streams(proxy)).toBeGreaterThan(10)
    proxy.faults = {}
  })
})

describe('a command whose connection stays cut', () => {
  test('is killed after the grace, and a host that comes back is told so', async () => {
    const { proxy, runner } = await through({}, { orphanGraceMs: 300 })
    const word = uniqueWord()
    const command = runner.spawn(forever(word))
    await firstLine(command)
    await outage(proxy, 900)
    expect(await command.exit).toMatchObject({
      reason: 'engineLost',
      evidence: 'wait4',
      signal: 'SIGTERM',
      explanation: expect.stringContaining('orphanGraceMs') as string,
    })
    expect(await withWord(runner, word)).toEqual([])
  })

  test('is lost when the engine does not come back, without an invented code', async () => {
    const { proxy, runner } = await through({}, { orphanGraceMs: 100 })
    const command = runner.spawn(forever(uniqueWord()))
    await firstLine(command)
    const over = outage(proxy, 6000)
    const exit = await command.exit
    expect(exit).toMatchObject({ reason: 'engineLost', evidence: 'none', succeeded: false })
    expect(exit.code).toBeUndefined()
    await over
    expect((await runner.run(['echo', 'back'])).stdout).toBe('back\n')
  })

  test('because its container died, is told so at once', async () => {
    const own = await startContainer({ Image: BUSYBOX_IMAGE, Cmd: ['sleep', '600'] })
    onTestFinished(own.remove)
    const { runner } = await through({}, { container: own, orphanGraceMs: 60_000 })
    const command = runner.spawn(forever(uniqueWord()))
    await firstLine(command)
    await own.act('kill')
    // The test would end before the grace does.
    expect(await command.exit).toMatchObject({ reason: 'containerDied', evidence: 'none' })
  })
})

test('a runner that is closed kills at once', async () => {
  const { runner } = await through({}, { orphanGraceMs: 60_000 })
  const { runner: observer } = await through()
  const word = uniqueWord()
  const command = runner.spawn(forever(word))
  await firstLine(command)
  await runner.close()
  expect((await command.exit).reason).toBe('killed')
  expect(await withWord(observer, word)).toEqual([])
})

async function hashOf(command: Command): Promise<[hash: string, code: number | undefined]> {
  const hash = createHash('sha256')
  for await (const bytes of command.stdout) hash.update(bytes as Buffer)
  return [hash.digest('hex'), (await command.exit).code]
}

/** Numbers from 3,000 to 300,000 that look random and are the same in every run. */
function random(seed: number): number {
  return 3000 + (createHash('sha256').update(String(seed)).digest().readUInt32LE() % 297_000)
}
