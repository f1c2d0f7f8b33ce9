import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { encodeFrame, FrameType } from './codec.js'
import { SupervisorProcess } from './supervisor-process.js'

// For a sanitized build on a busy machine.
vi.setConfig({ testTimeout: 30_000 })

let supervisor: SupervisorProcess

beforeAll(async () => {
  supervisor = await SupervisorProcess.open()
})

afterAll(async () => {
  await supervisor.close()
})

const THIRD = 32
const PATH = 'PATH=/usr/bin:/bin'
const sh = (script: string, flags = THIRD) => ({ argv: ['sh', '-c', script], env: [PATH], cwd: '/', flags })
const third = (number: number) => supervisor.output(number, 3)
const endsOf = (number: number) =>
  supervisor.frames
    .filter((frame) => frame.command === number && frame.type === FrameType.outputEnd)
    .map((frame) => frame.channel)
    .sort()

async function run(request: ReturnType<typeof sh>) {
  const number = supervisor.spawn(request)
  return { number, end: await supervisor.ended(number) }
}

test('is apart from the other two, and ends before the exit', async () => {
  const { number, end } = await run(sh('echo out; echo err >&2; echo third >&3; exit 5'))
  expect(end).toMatchObject({ code: 5, stdout: Buffer.from('out\n'), stderr: Buffer.from('err\n') })
  expect(third(number).toString()).toBe('third\n')
  expect(endsOf(number)).toEqual([1, 2, 3])
  expect(end.types.at(-1)).toBe(FrameType.exit)
})

test('is not there unless it was asked for', async () => {
  const { number, end } = await run(sh('ls /proc/self/fd; echo x >&3', 0))
  expect(end.stdout.toString()).toBe('0\n1\n2\n3\n') // 3 is ls reading the folder
  expect(end.code).not.toBe(0)
  expect(endsOf(number)).toEqual([1, 2])
})

test('is the only descriptor more', async () => {
  const { end } = await run(sh('ls /proc/self/fd'))
  expect(end.stdout.toString()).toBe('0\n1\n2\n3\n4\n') // 4 is ls reading the folder
})

test('comes whole, in any amount', async () => {
  const { number, end } = await run(
    sh('i=0; while [ $i -lt 40 ]; do head -c 100001 /dev/zero >&3; i=$((i+1)); done'),
  )
  expect(end.code).toBe(0)
  expect(third(number).equals(Buffer.alloc(40 * 100_001))).toBe(true)
})

test('has a window of its own, and holds up nothing but its writer', async () => {
  const number = supervisor.spawn({ ...sh('head -c 200000 /dev/zero >&3 & echo out; wait'), window: 1000 })
  const has = (channel: number, length: number) =>
    supervisor.next(() => supervisor.output(number, channel).length >= length)
  await Promise.all([has(1, 4), has(3, 1000)])
  const token = Buffer.from('settled.')
  supervisor.send(FrameType.ping, 0, token)
  await supervisor.next((frame) => frame.type === FrameType.pong && frame.payload.equals(token))
  expect(third(number).length).toBe(1000)
  supervisor.grant(number, 3, 1000, 1_000_000)
  expect((await supervisor.ended(number)).code).toBe(0)
  expect(third(number).length).toBe(200_000)
})

test('ends when the command closes it, long before its exit', async () => {
  const number = supervisor.spawn({ ...sh('exec 3>&-; read -r _; exit 3', THIRD | 1) })
  await supervisor.next(
    (one) => one.command === number && one.type === FrameType.outputEnd && one.channel === 3,
  )
  supervisor.write(encodeFrame(FrameType.end, number))
  expect(await supervisor.ended(number)).toMatchObject({ code: 3 })
  expect(endsOf(number)).toEqual([1, 2, 3])
})

test('held open by somebody else does not keep the command from being over', async () => {
  const kept = await run(sh('sleep 60 >&- 2>&- & echo $! >&3; exit 4', THIRD | 2))
  expect(kept.end.code).toBe(4)
  process.kill(Number(third(kept.number).toString()), 'SIGKILL')
  const killed = await run(sh('(sleep 60; echo late) >&3 & echo early >&3; exit 4'))
  expect(killed.end).toMatchObject({ code: 4, verified: 1 })
  expect(third(killed.number).toString()).toBe('early\n')
})

test('of a command that cannot be started is nothing', async () => {
  const { number, end } = await run({ ...sh(''), argv: ['/no/such/program'] })
  expect(end.failure).toBeDefined()
  expect(endsOf(number)).toEqual([])
})

test('may be opened again by its user', async () => {
  const { number } = await run(sh('echo again > /proc/self/fd/3'))
  expect(third(number).toString()).toBe('again\n')
})
