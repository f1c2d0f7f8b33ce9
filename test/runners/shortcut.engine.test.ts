import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { ensureSupervisorVolume } from '../../src/delivery/supervisor-volume.js'
import type { Container } from '../../src/harness/container.js'
import { DockerHarness } from '../../src/harness/docker-harness.js'
import { DockerRunner, type DockerRunnerOptions } from '../../src/runners/docker-runner.js'
import { encodeParcel, parcelKind } from '../../src/supervisor/parcel.js'
import { firstLine, forever, uniqueWord, withWord } from '../../src/testing/case-tools.js'
import { BUSYBOX_IMAGE, testEndpoint, testLabels } from '../support/engine.js'
import type { FaultProxy, Faults } from '../support/fault-proxy.js'
import { rawInspect, removeByEngine } from '../support/harness.js'
import { throughProxy } from './through-proxy.js'
import { startContainer, supervised, type TestContainer } from './container.js'

const attachment = /\/attach\?/
const execStart = /\/exec\/[^/]+\/start/

let harness: DockerHarness
let container: Container
beforeAll(async () => {
  harness = await DockerHarness.connect({ host: testEndpoint(), env: {} })
  container = await create()
})
afterAll(async () => {
  await container?.remove({ force: true })
  await harness?.close()
})

async function create(logs?: { maxBytes: number }): Promise<Container> {
  const made = await harness.create({
    image: BUSYBOX_IMAGE,
    init: 'supervisor',
    network: 'none',
    labels: testLabels(),
    ...(logs && { logs }),
  })
  await made.start()
  return made
}

const through = (faults: Faults = {}, options: Partial<DockerRunnerOptions> = {}) =>
  throughProxy(container, { only: attachment, ...faults }, options)

/** One that goes another way, to see what the others do. */
function observer(): DockerRunner {
  const runner = new DockerRunner({ harness, container })
  onTestFinished(() => runner.close())
  return runner
}

const count = ({ requests }: FaultProxy, what: RegExp) => requests.filter((line) => what.test(line)).length

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** No exec comes to anything, so what is answered has come another way. */
const withoutExec = { only: execStart, cutAfterBytes: { toEngine: 0 } }

test('a first command needs no exec of the engine', async () => {
  const { proxy, runner } = await through(withoutExec)
  expect((await runner.run(['echo', 'first'])).stdout).toBe('first\n')
  expect(count(proxy, attachment)).toBeGreaterThan(0)
})

test('an exec comes behind the first command and takes over', async () => {
  const { proxy, runner } = await through()
  await runner.run(['true'])
  await expect.poll(() => count(proxy, execStart)).toBeGreaterThan(0)
  await expect.poll(() => proxy.cut(attachment)).toBe(0)
  expect((await runner.run(['echo', 'second'])).stdout).toBe('second\n')
})

test('going over loses and repeats not a byte, of stdin or of stdout', async () => {
  const input = randomBytes(30_000_000)
  const { proxy, runner } = await through({})
  const [back, sum] = await Promise.all([
    runner.run(['cat'], { stdin: input, maxOutputBytes: 64 * 1024 ** 2 }),
    runner.run(['sha256sum'], { stdin: input }),
  ])
  expect(sha256(back.stdoutBytes)).toBe(sha256(input))
  expect(sum.stdout.slice(0, 64)).toBe(sha256(input))
  expect(count(proxy, attachment)).toBeGreaterThan(0)
  expect(count(proxy, execStart)).toBeGreaterThan(0)
})

test.each(['toEngine', 'toClient'] as const)('is cut at any byte, %s: the command runs once', async (way) => {
  const cutAfter = async (bytes: number) => {
    const { runner } = await through({ cutAfterBytes: { [way]: bytes } })
    const file = `/tmp/${uniqueWord()}`
    const script = 'echo ran >> "$1"; echo err >&2; cat; cat "$1"; exit 3'
    const { exit, stdout, stderr } = await runner.run(['sh', '-c', script, 'sh', file], { stdin: 'in\n' })
    expect([exit.reason, exit.code, stdout, stderr], `after ${bytes}`).toEqual([
      'exited', 3, 'in\nran\n', 'err\n',
    ]) // prettier-ignore
  }
  const offsets = Array.from({ length: 36 }, (_, index) => index * 23)
  while (offsets.length > 0) await Promise.all(offsets.splice(0, 6).map(cutAfter))
})

test.each(['halved', 'bytewise'] as const)('in pieces (%s) is as good as whole', async (chunking) => {
  const { runner } = await through({ chunking })
  const input = 'x'.repeat(20_000)
  expect((await runner.run(['cat'], { stdin: input })).stdout).toBe(input)
})

test('serves until there is an exec, however long that takes', async () => {
  const { proxy, runner } = await through(withoutExec)
  const { exit, stdout } = await runner.run(['sh', '-c', 'for i in 1 2 3 4; do echo $i; sleep 0.5; done'])
  expect([exit.code, stdout]).toEqual([0, '1\n2\n3\n4\n'])
  expect(count(proxy, execStart)).toBeGreaterThan(1)
})

test('serves again when an exec is lost as it takes over', async () => {
  for (const toClient of [300, 330, 360]) {
    const { proxy, runner } = await through({ only: execStart, cutAfterBytes: { toClient } })
    const { exit, stdout } = await runner.run(['sh', '-c', 'for i in 1 2 3 4; do echo $i; sleep 0.3; done'])
    expect([exit.code, stdout], `after ${toClient}`).toEqual([0, '1\n2\n3\n4\n'])
    expect(count(proxy, execStart)).toBeGreaterThan(1)
    expect(count(proxy, attachment)).toBeGreaterThan(1)
  }
})

test('a host that vanishes without a word is found out, and its commands are killed', async () => {
  const others = observer()
  await others.run(['true'])
  const { proxy, runner } = await through(withoutExec, { orphanGraceMs: 300 })
  const word = uniqueWord()
  const command = runner.spawn(forever(word))
  await firstLine(command)
  proxy.faults = { swallow: true }
  expect(await withWord(others, word)).not.toEqual([])
  await expect.poll(() => withWord(others, word), { timeout: 10_000 }).toEqual([])
  proxy.faults = {}
  proxy.cut()
  expect(await command.exit).toMatchObject({ evidence: 'wait4', signal: 'SIGTERM' })
})

test('what others write there harms nobody', async () => {
  const { engine } = await through()
  const other = await engine.attachContainer(container.id, { stdin: true, stdout: true, stderr: false })
  onTestFinished(() => void other.destroy())
  const stream = randomBytes(8)
  const torn = encodeParcel({ kind: parcelKind.data, stream, offset: 7, payload: Buffer.alloc(3000) })
  const noise = setInterval(() => {
    other.write('ls -l\n'.repeat(2000))
    other.write(torn.subarray(0, 1000))
    other.write(encodeParcel({ kind: parcelKind.close, stream, offset: 0, payload: Buffer.alloc(0) }))
  }, 1)
  onTestFinished(() => clearInterval(noise))
  const input = 'y'.repeat(100_000)
  const runs = Array.from({ length: 10 }, async () => {
    const { runner } = await through()
    return (await runner.run(['cat'], { stdin: input })).stdout === input
  })
  expect(await Promise.all(runs)).toEqual(runs.map(() => true))
})

test('more noise than it has room for hides nobody', async () => {
  const { engine } = await through()
  const other = await engine.attachContainer(container.id, { stdin: true, stdout: true, stderr: false })
  onTestFinished(() => void other.destroy())
  other.write('x'.repeat(100_000))
  for (const word of ['one', 'two']) {
    const { runner } = await through(withoutExec)
    expect((await runner.run(['echo', word])).stdout).toBe(`${word}\n`)
  }
})

test('a gap in a stream ends that stream, and no other', async () => {
  const { engine } = await through()
  const other = await engine.attachContainer(container.id, { stdin: true, stdout: true, stderr: false })
  onTestFinished(() => void other.destroy())
  const stream = randomBytes(8)
  const seal = (kind: number, offset: number, text = '') =>
    other.write(encodeParcel({ kind, stream, offset, payload: Buffer.from(text) }))
  const said: Buffer[] = []
  other.on('data', (bytes: Buffer) => said.push(bytes))
  const closing = Buffer.concat([Buffer.from([0xf5, 0x61, 0x6e, 0x79, parcelKind.close])])
  seal(parcelKind.open, 0)
  const isSaid = (what: string | Buffer) => Buffer.concat(said).includes(what)
  await expect.poll(() => isSaid(stream)).toBe(true)
  expect(isSaid(closing)).toBe(false)
  seal(parcelKind.data, 1, 'not the first byte')
  await expect.poll(() => isSaid(closing)).toBe(true)
  expect(isSaid('unknown frame type')).toBe(false) // it was not even looked at
  const { runner } = await through()
  expect((await runner.run(['echo', 'fine'])).stdout).toBe('fine\n')
})

test('more hosts at once than it has room for are all served', async () => {
  const all = Array.from({ length: 16 }, async (_, index) => {
    const { runner } = await through()
    return (await runner.run(['echo', String(index)])).stdout
  })
  expect(await Promise.all(all)).toEqual(all.map((_, index) => `${index}\n`))
})

describe('nothing of it is in a log', () => {
  test('as there is none', async () => {
    expect((await rawInspect(container.id)).HostConfig.LogConfig.Type).toBe('none')
    const read = container.logs()[Symbol.asyncIterator]().next()
    await expect(read).rejects.toMatchObject({
      code: 'NOT_SUPPORTED',
      message: expect.stringContaining('goes to their handles') as string,
    })
  })

  test.each([
    ['one is asked for', () => create({ maxBytes: 100_000 })],
    ['somebody has made it so, with an open stdin', logged],
  ])('where %s, there is no shortcut', async (_how, start) => {
    const logging = await start()
    onTestFinished(() => removeByEngine(logging.id))
    const { proxy, engine } = await through()
    const runner = new DockerRunner({ harness: { engine }, container: logging.id })
    onTestFinished(() => runner.close())
    expect((await runner.run(['echo', 'out'])).stdout).toBe('out\n')
    expect([count(proxy, attachment), count(proxy, execStart)]).toEqual([0, 1])
    const request = { stdout: true, stderr: true, follow: false, timestamps: false }
    expect(await (await engine.containerLogs(logging.id, request)).toArray()).toEqual([])
  })

  async function logged(): Promise<TestContainer> {
    const { architecture } = await harness.engine.version()
    const volume = await ensureSupervisorVolume(harness.engine, { image: BUSYBOX_IMAGE, architecture })
    const body = supervised(volume)
    const LogConfig = { Type: 'json-file' }
    return startContainer({ ...body, Image: BUSYBOX_IMAGE, HostConfig: { ...body.HostConfig, LogConfig } })
  }
})
