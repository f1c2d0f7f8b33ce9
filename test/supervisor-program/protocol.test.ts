import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { decodeRecord, encodeFrame, encodeRecord, FrameType, numberOf, u32, u64, u8 } from './codec.js'
import { eventually, processesWith } from './processes.js'
import { hello, spawnRecord, SupervisorProcess } from './supervisor-process.js'

// For a sanitized build on a busy machine.
vi.setConfig({ testTimeout: 30_000 })

let supervisor: SupervisorProcess

beforeEach(() => {
  supervisor = new SupervisorProcess()
})

afterEach(async () => {
  await supervisor.close()
})

const request = {
  argv: ['sh', '-c', 'echo up; sleep 100', 'marker-of-the-protocol'],
  env: ['PATH=/usr/bin:/bin'],
  cwd: '/',
}
const greeting = encodeFrame(FrameType.hello, 0, hello())
const spawning = encodeFrame(FrameType.spawn, 1, spawnRecord(request))
const killing = (signal: number, cause: number) =>
  encodeFrame(FrameType.kill, 1, Buffer.concat([u32(signal), u32(0), u8(cause)]))

/** What the supervisor says is wrong. */
async function errorAfter(...frames: Buffer[]): Promise<number | undefined> {
  supervisor.write(Buffer.concat(frames))
  const frame = await supervisor.next((one) => one.type === FrameType.error)
  expect(await supervisor.closed).toBe(0)
  return numberOf(decodeRecord(frame.payload), 1)
}

test('the first frame is a HELLO with versions, program version, pid, user and mode', async () => {
  const frame = await supervisor.next(() => true)
  const fields = decodeRecord(frame.payload)
  expect(frame).toMatchObject({ type: FrameType.hostHello, command: 0 })
  expect(fields.map(([tag]) => tag)).toEqual([1, 2, 3, 4, 5, 6])
  expect([1, 2, 4, 5, 6].map((tag) => numberOf(fields, tag))).toEqual([
    2,
    1,
    supervisor.child.pid,
    process.getuid?.(),
    3,
  ])
  expect(fields[2]?.[1].toString()).toMatch(/^\d+\.\d+\.\d+/)
})

const tooLong = Buffer.from(greeting)
tooLong.writeUInt32LE((1 << 20) + 1, 8)
const flawed: [string, number, Buffer[]][] = [
  ['a frame that is too long', 1, [tooLong]],
  [
    'a frame that is too long, as its command is',
    1,
    [greeting, Buffer.from([2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 16, 0])],
  ],
  ['an unknown type', 2, [greeting, encodeFrame(0x7f, 1)]],
  ['type 0', 2, [Buffer.alloc(12)]],
  ['one of our own types', 2, [greeting, encodeFrame(FrameType.exit, 1)]],
  ['a kill of nothing', 3, [greeting, killing(15, 1)]],
  ['data for nothing', 3, [greeting, encodeFrame(FrameType.data, 1, Buffer.alloc(1))]],
  ['a number beyond those in use', 3, [greeting, spawning, encodeFrame(FrameType.end, 2)]],
  ['a command with number 0', 5, [greeting, encodeFrame(FrameType.spawn, 0, spawnRecord(request))]],
  ['a HELLO for a command', 5, [encodeFrame(FrameType.hello, 1, hello())]],
  ['a window of stdin', 5, [greeting, spawning, encodeFrame(FrameType.window, 1, Buffer.alloc(16), 0)]],
  ['data on stdout', 5, [greeting, spawning, encodeFrame(FrameType.data, 1, Buffer.alloc(1), 1)]],
  [
    'a window that is too short',
    5,
    [greeting, spawning, encodeFrame(FrameType.window, 1, Buffer.alloc(15), 1)],
  ],
  ['a kill that is too long', 5, [greeting, spawning, encodeFrame(FrameType.kill, 1, Buffer.alloc(10))]],
  ['a ping without token', 5, [greeting, encodeFrame(FrameType.ping, 0)]],
  ['signal 0', 5, [greeting, spawning, killing(0, 1)]],
  ['signal 65', 5, [greeting, spawning, killing(65, 1)]],
  ['an unknown cause', 5, [greeting, spawning, killing(15, 3)]],
  [
    'a record that is cut',
    5,
    [greeting, encodeFrame(FrameType.spawn, 1, spawnRecord(request).subarray(0, -1))],
  ],
  [
    'a field that leaves the record',
    5,
    [greeting, encodeFrame(FrameType.spawn, 1, Buffer.from([1, 0, 255, 255, 255, 255]))],
  ],
  [
    'a number of the wrong width',
    5,
    [greeting, encodeFrame(FrameType.spawn, 1, encodeRecord([[5, u64(0)]]))],
  ],
  ['a malformed HELLO', 5, [encodeFrame(FrameType.hello, 0, Buffer.from([1]))]],
  ['a version that is too new', 6, [encodeFrame(FrameType.hello, 0, hello(9, 3))]],
  [
    'stdin beyond the window',
    7,
    [
      greeting,
      encodeFrame(FrameType.spawn, 1, spawnRecord({ ...request, flags: 1 })),
      encodeFrame(FrameType.data, 1, Buffer.alloc(500_000)),
    ],
  ],
  ['stdin where there is none', 7, [greeting, spawning, encodeFrame(FrameType.data, 1, Buffer.alloc(1))]],
  [
    'more received than was sent',
    7,
    [greeting, spawning, encodeFrame(FrameType.window, 1, Buffer.concat([u64(1), u64(1)]), 2)],
  ],
  ['a command before HELLO', 8, [spawning]],
  ['a second HELLO', 8, [greeting, greeting]],
  ['a number in use', 9, [greeting, spawning, spawning]],
]

test.each(flawed)('%s is error %i and ends the connection', async (_, code, frames) => {
  expect(await errorAfter(...frames)).toBe(code)
  await eventually(() => processesWith('marker-of-the-protocol').length === 0)
})

test('a stream that ends inside a frame is torn, wherever that is', async () => {
  for (const length of [1, 11, 12, 13, spawning.length - 1]) {
    supervisor = new SupervisorProcess()
    supervisor.write(greeting)
    supervisor.end(spawning.subarray(0, length))
    const frame = await supervisor.next((one) => one.type === FrameType.error)
    expect(numberOf(decodeRecord(frame.payload), 1)).toBe(4)
    expect(await supervisor.closed).toBe(0)
  }
})

test('frames may come in pieces of any size, and many in one piece', async () => {
  const ask = (number: number) =>
    encodeFrame(FrameType.spawn, number, spawnRecord({ ...request, argv: ['cat'], flags: 1 }))
  const send = (number: number) =>
    Buffer.concat([
      ask(number),
      encodeFrame(FrameType.data, number, Buffer.from('ab')),
      encodeFrame(FrameType.end, number),
    ])
  supervisor.write(greeting)
  for (const byte of send(1)) supervisor.write(Buffer.from([byte]))
  expect((await supervisor.ended(1)).stdout.toString()).toBe('ab')
  supervisor.write(Buffer.concat(Array.from({ length: 40 }, (_, i) => send(i + 2))))
  for (let number = 2; number < 42; number++) {
    expect((await supervisor.ended(number)).stdout.toString()).toBe('ab')
  }
})

test('unknown fields are skipped, and a number is free again after its command', async () => {
  const record = Buffer.concat([
    encodeRecord([[999, Buffer.from('new')]]),
    spawnRecord({ ...request, argv: ['true'] }),
  ])
  supervisor.write(Buffer.concat([greeting, encodeFrame(FrameType.spawn, 7, record)]))
  expect(await supervisor.ended(7)).toMatchObject({ code: 0 })
  supervisor.frames.length = 0
  supervisor.write(encodeFrame(FrameType.spawn, 7, record))
  expect(await supervisor.ended(7)).toMatchObject({ code: 0 })
})

test.each([1, 2])('a host that speaks version %i is served', async (version) => {
  supervisor.write(encodeFrame(FrameType.hello, 0, hello(version, version)))
  const record = spawnRecord({ ...request, argv: ['sh', '-c', 'cat; exit 3'], flags: 1 })
  supervisor.write(encodeFrame(FrameType.spawn, 1, record))
  supervisor.write(encodeFrame(FrameType.data, 1, Buffer.from('in')))
  supervisor.write(encodeFrame(FrameType.end, 1))
  expect(await supervisor.ended(1)).toMatchObject({ code: 3, stdout: Buffer.from('in'), verified: 1 })
})

test('a newer host speaks what we speak', async () => {
  supervisor.write(encodeFrame(FrameType.hello, 0, hello(9, 1)))
  supervisor.send(FrameType.ping, 0, u64(42))
  const pong = await supervisor.next((frame) => frame.type === FrameType.pong)
  expect(pong.payload).toEqual(u64(42))
})

/** Numbers that look random and are the same in every run. */
function* noise(seed: number): Generator<number> {
  for (let state = seed; ;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    yield state >>> 24
  }
}

test('noise never takes the supervisor down, and leaves nothing running', async () => {
  for (let seed = 1; seed <= 60; seed++) {
    supervisor = new SupervisorProcess()
    const bytes = noise(seed)
    const mutated = Buffer.concat([greeting, spawning, killing(15, 1), spawning])
    for (let i = 0; i < 3; i++) {
      mutated[((bytes.next().value as number) * 256 + (bytes.next().value as number)) % mutated.length] =
        bytes.next().value as number
    }
    supervisor.write(mutated)
    expect(await supervisor.close()).toBe(0)
  }
  await eventually(() => processesWith('marker-of-the-protocol').length === 0)
})
