import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { connectEngine } from '../../src/engine/connect-engine.js'
import type { ContainerEngine } from '../../src/engine/container-engine.js'
import { BUSYBOX_IMAGE, engineRequest, testEndpoint } from '../support/engine.js'
import {
  decodeRecord,
  encodeFrame,
  encodeRecord,
  FrameType,
  numberOf,
  u32,
  u64,
  type Field,
} from './codec.js'
import { binaryFor, createWithSupervisor, Exec, removeContainer } from './in-container.js'
import type { Peer, SpawnRequest } from './supervisor-process.js'

let engine: ContainerEngine
let container: string

async function start(body: Record<string, unknown> = {}): Promise<string> {
  const binary = binaryFor((await engine.version()).architecture)
  const whole = { Image: BUSYBOX_IMAGE, Entrypoint: ['/supervisor', 'init'], ...body }
  const id = await createWithSupervisor(engine, whole, binary)
  await engineRequest('POST', `/containers/${id}/start`)
  return id
}

beforeAll(async () => {
  engine = await connectEngine({ host: testEndpoint() })
  container = await start()
})

afterAll(async () => {
  if (container) await removeContainer(container)
  await engine?.close()
})

async function connect(to = container): Promise<Exec> {
  const exec = await Exec.start(engine, to, ['/supervisor', 'connect'])
  await exec.greet()
  onTestFinished(() => void exec.end())
  return exec
}

let counter = 0
const newId = () => `detached-${counter++}`
const detached = (id: string, script: string, more: Partial<SpawnRequest> = {}): SpawnRequest => ({
  argv: ['sh', '-c', script],
  env: ['PATH=/bin'],
  cwd: '/',
  flags: 16,
  id,
  ...more,
})

const text = (bytes: Buffer | undefined) => bytes?.toString() ?? ''

function attach(peer: Peer, id: string, from = [0, 0], window = 1 << 30): number {
  const number = peer.number()
  const fields: Field[] = [
    [1, Buffer.from(id)],
    [2, u64(from[0]!)],
    [3, u64(from[1]!)],
    [4, u32(window)],
  ]
  peer.send(FrameType.attach, number, encodeRecord(fields))
  return number
}

async function answer(peer: Peer, number: number): Promise<Field[]> {
  const types: readonly number[] = [FrameType.attached, FrameType.failed, FrameType.forgotten]
  const frame = await peer.next((one) => one.command === number && types.includes(one.type))
  return decodeRecord(frame.payload)
}

async function list(peer: Peer): Promise<Field[][]> {
  const number = peer.number()
  peer.send(FrameType.list, number)
  const isMine = (one: { command: number; type: number }) =>
    one.command === number && one.type === FrameType.listed
  await peer.next((one) => isMine(one) && one.payload.length === 0)
  return peer.frames
    .filter((one) => isMine(one) && one.payload.length > 0)
    .map((one) => decodeRecord(one.payload))
}

async function forget(peer: Peer, id: string): Promise<number | undefined> {
  const number = peer.number()
  peer.send(FrameType.forget, number, encodeRecord([[1, Buffer.from(id)]]))
  return numberOf(await answer(peer, number), 1)
}

async function hangUp(peer: Exec): Promise<void> {
  peer.end()
  await peer.closed
}

const idOf = (fields: Field[]) => text(fields.find(([tag]) => tag === 1)?.[1])

describe('a detached command', () => {
  test('goes on without its connection, and is read from its start and from any byte by others', async () => {
    const id = newId()
    const first = await connect()
    const script = 'echo one; echo two >&2; read -r go < /tmp/go; echo three; exit 3'
    await first.run({ argv: ['mkfifo', '/tmp/go'], env: ['PATH=/bin'], cwd: '/' })
    const number = first.spawn(detached(id, script))
    await first.next((one) => one.command === number && one.type === FrameType.output)
    await hangUp(first)

    const [whole, part] = [await connect(), await connect()]
    const [all, some] = [attach(whole, id), attach(part, id, [2, 4])]
    expect(text((await answer(whole, all)).find(([tag]) => tag === 1)?.[1])).toBe('sh')
    const begins = await answer(part, some)
    expect([2, 3].map((tag) => numberOf(begins, tag))).toEqual([2, 4])
    await part.run({ argv: ['sh', '-c', 'echo > /tmp/go'], env: ['PATH=/bin'], cwd: '/' })
    expect(await whole.ended(all)).toMatchObject({
      code: 3,
      stdout: Buffer.from('one\nthree\n'),
      stderr: Buffer.from('two\n'),
      verified: 1,
    })
    expect(await part.ended(some)).toMatchObject({
      code: 3,
      stdout: Buffer.from('e\nthree\n'),
      stderr: Buffer.alloc(0),
    })

    const late = attach(part, id)
    expect(await part.ended(late)).toMatchObject({ code: 3, stdout: Buffer.from('one\nthree\n') })
    expect(await forget(part, id)).toBe(0)
    expect(numberOf(await answer(part, attach(part, id)), 2)).toBe(2)
    expect(await forget(part, id)).toBe(1)
  })

  test('has an id that nobody else has, and that is free once it is forgotten', async () => {
    const id = newId()
    const peer = await connect()
    const running = peer.spawn(detached(id, 'sleep 100'))
    await peer.next((one) => one.command === running && one.type === FrameType.started)
    expect((await peer.run(detached(id, 'true'))).failure).toMatchObject({ stage: 6, error: 17 })
    expect((await peer.run({ ...detached(id, 'true'), flags: 0 })).failure).toMatchObject({
      stage: 6,
      error: 17,
    })
    expect(await forget(peer, id)).toBe(2)
    const other = await connect()
    const attached = attach(other, id)
    other.kill(attached, 15, 100)
    expect(await other.ended(attached)).toMatchObject({ cause: 1, signal: 15, killedAnswer: { verified: 1 } })
    expect((await peer.ended(running)).cause).toBe(1)
    expect((await peer.run(detached(id, 'true'))).failure).toMatchObject({ error: 17 })
    expect(await forget(peer, id)).toBe(0)
    expect((await peer.run(detached(id, 'exit 4'))).code).toBe(4)
    expect(await forget(peer, id)).toBe(0)
  })

  test('must have an id, and one that is not detached cannot be attached to', async () => {
    const peer = await connect()
    const { id: _, ...nameless } = detached('', 'true')
    expect((await peer.run(nameless)).failure).toMatchObject({
      stage: 6,
      text: 'a detached command has no id',
    })
    const id = newId()
    const number = peer.spawn({ ...detached(id, 'echo; sleep 100'), flags: 0 })
    await peer.next((one) => one.command === number && one.type === FrameType.output)
    const fields = await answer(peer, attach(peer, id))
    expect([numberOf(fields, 1), numberOf(fields, 2)]).toEqual([8, 1])
    expect(await forget(peer, id)).toBe(2)
    peer.kill(number, 9, 0)
    await peer.ended(number)
  })

  test('keeps a note for those who attach', async () => {
    const id = newId()
    const peer = await connect()
    const note = Buffer.from(Array.from({ length: 16 << 10 }, (_, index) => index & 255))
    await peer.run(detached(id, 'true', { note }))
    const told = await answer(peer, attach(peer, id))
    expect(told.find(([tag]) => tag === 4)?.[1]).toEqual(note)
    const longer = await peer.run(detached(newId(), 'true', { note: Buffer.concat([note, note]) }))
    expect(longer.failure?.text).toBe('the note is longer than 16384 bytes')
    await forget(peer, id)
  })

  test('is not attached to from beyond what it has printed', async () => {
    const id = newId()
    const peer = await connect()
    await peer.run(detached(id, 'echo 12345'))
    expect(numberOf(await answer(peer, attach(peer, id, [7, 0])), 2)).toBe(34)
    const end = attach(peer, id, [6, 0])
    expect(await peer.ended(end)).toMatchObject({ code: 0, stdout: Buffer.alloc(0) })
  })

  test('that could not be run is not kept', async () => {
    const id = newId()
    const peer = await connect()
    expect((await peer.run({ ...detached(id, ''), argv: ['no-such-program'] })).failure).toMatchObject({
      stage: 5,
    })
    expect((await list(peer)).map(idOf)).not.toContain(id)
    expect((await peer.run(detached(id, 'exit 2'))).code).toBe(2)
  })

  test('holds its time limit when nobody is there', async () => {
    const id = newId()
    const peer = await connect()
    const number = peer.spawn(detached(id, 'sleep 100', { timeoutMs: 300, graceMs: 50 }))
    await peer.next((one) => one.command === number && one.type === FrameType.started)
    await hangUp(peer)
    const other = await connect()
    expect(await other.ended(attach(other, id))).toMatchObject({ cause: 3, signal: 15, verified: 1 })
  })

  test('gets what its stdin was given, and is killed where that was cut off', async () => {
    const [whole, cut] = [newId(), newId()]
    const peer = await connect()
    // Whoever does not care for SIGTERM would see an end of its input.
    const request = (id: string) => detached(id, 'trap "" TERM; cat; echo end', { flags: 17 })
    expect((await peer.run(request(whole), Buffer.from('in '))).stdout.toString()).toBe('in end\n')
    const number = peer.spawn(request(cut))
    peer.send(FrameType.data, number, Buffer.from('half'))
    await peer.next((one) => one.command === number && one.type === FrameType.output)
    await hangUp(peer)
    const other = await connect()
    const end = await other.ended(attach(other, cut))
    expect([end.stdout.toString(), end.cause]).toEqual(['half', 4])
  })
})

describe('readers', () => {
  test('have windows of their own: one who reads nothing holds up neither the others nor the command', async () => {
    const id = newId()
    const [one, other] = [await connect(), await connect()]
    const stalled = one.spawn(
      detached(id, 'head -c 5000000 /dev/zero | tr "\\0" x; exit 7', { window: 1000 }),
    )
    await one.next((frame) => frame.command === stalled && frame.type === FrameType.output)
    expect((await other.ended(attach(other, id))).stdout.length).toBe(5_000_000)
    expect(one.output(stalled, 1).length).toBe(1000)
    one.grant(stalled, 1, 1000, 1 << 30)
    expect(await one.ended(stalled)).toMatchObject({ code: 7 })
    expect(one.output(stalled, 1).length).toBe(5_000_000)
  })

  test('may leave and come back, and nothing is missing or repeated', async () => {
    const id = newId()
    const peer = await connect()
    const script = 'i=0; while [ $i -lt 3000 ]; do echo "line $i"; i=$((i+1)); done'
    let number = peer.spawn(detached(id, script, { window: 777 }))
    const pieces: Buffer[] = []
    for (let from = 0, times = 0; times < 30; times++) {
      await peer.next((one) => one.command === number && one.type === FrameType.output)
      peer.send(FrameType.leave, number)
      await peer.next((one) => one.command === number && one.type === FrameType.left)
      pieces.push(peer.output(number, 1))
      from += pieces.at(-1)!.length
      number = attach(peer, id, [from, 0], 777)
    }
    peer.grant(number, 1, 0, 1 << 30)
    pieces.push((await peer.ended(number)).stdout)
    const lines = Array.from({ length: 3000 }, (_, index) => `line ${index}\n`).join('')
    expect(Buffer.concat(pieces).toString()).toBe(lines)
  })
})

describe('a spool', () => {
  const sizes = (maxBytes: number, flags = 0): Field[] => [
    [1, u64(maxBytes)],
    [2, u32(flags)],
  ]

  test('that is full drops the oldest, and says where it goes on and how much was lost', async () => {
    const id = newId()
    const peer = await connect()
    const script = 'i=0; while [ $i -lt 40000 ]; do echo "line $i"; i=$((i+1)); done'
    const whole = Buffer.from(Array.from({ length: 40_000 }, (_, index) => `line ${index}\n`).join(''))
    const number = peer.spawn(detached(id, script, { window: 100, spool: sizes(100_000) }))
    const other = await connect()
    await other.ended(attach(other, id, [0, 0], 1 << 30))
    peer.grant(number, 1, 0, 1 << 30)
    const end = await peer.ended(number)
    const skips = peer.frames.filter(({ command, type }) => command === number && type === FrameType.skipped)
    expect(skips.map(({ payload }) => [payload.readBigUInt64LE(0), payload.readBigUInt64LE(8)])).toEqual([
      [100n, BigInt(whole.length - 100_000)],
    ])
    expect(end.stdout.equals(Buffer.concat([whole.subarray(0, 100), whole.subarray(-100_000)]))).toBe(true)
    const late = await other.ended(attach(other, id))
    expect(late.stdout.equals(whole.subarray(-100_000))).toBe(true)
    expect(numberOf(end.fields, 15)).toBeGreaterThan(0)
    const entry = (await list(peer)).find((fields) => idOf(fields) === id)!
    expect([3, 6, 7, 8, 9].map((tag) => numberOf(entry, tag))).toEqual([
      3,
      whole.length - 100_000,
      whole.length,
      0,
      0,
    ])
  })

  test('that blocks makes the command wait for its reader, and loses nothing', async () => {
    const id = newId()
    const peer = await connect()
    const script = 'i=0; while [ $i -lt 60000 ]; do echo "line $i"; i=$((i+1)); done; echo done >&2'
    const number = peer.spawn(detached(id, script, { window: 10_000, spool: sizes(100_000, 1) }))
    await peer.next((one) => one.command === number && one.type === FrameType.output)
    const whole = createHash('sha256')
    for (let index = 0; index < 60_000; index++) whole.update(`line ${index}\n`)
    const other = await connect()
    const entry = async () => (await list(other)).find((fields) => idOf(fields) === id)!
    while (numberOf(await entry(), 7) !== 100_000) await new Promise((resolve) => setTimeout(resolve, 10))
    expect(numberOf(await entry(), 3)).toBe(1)
    for (let limit = 10_000, got = 0; ; limit = got + 10_000) {
      got = peer.output(number, 1).length
      if (peer.frames.some(({ command, type }) => command === number && type === FrameType.exit)) break
      peer.grant(number, 1, got, limit)
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    const end = await peer.ended(number)
    expect(createHash('sha256').update(end.stdout).digest('hex')).toBe(whole.digest('hex'))
    expect([end.stderr.toString(), numberOf(end.fields, 15)]).toEqual(['done\n', undefined])
  })

  const full = async (size: string) => {
    const small = await start({ HostConfig: { Tmpfs: { '/tmp': `size=${size},mode=1777` } } })
    onTestFinished(() => removeContainer(small))
    return connect(small)
  }

  test('on a disk that gets full goes round in what there is, and tells what that cost', async () => {
    const peer = await full('800k')
    const id = newId()
    const script = 'i=0; while [ $i -lt 100000 ]; do echo "line $i"; i=$((i+1)); done; df /tmp | tail -1 >&2'
    const whole = Buffer.from(Array.from({ length: 100_000 }, (_, index) => `line ${index}\n`).join(''))
    await peer.run(detached(id, script, { window: 100 << 20 }))
    const late = attach(peer, id)
    const first = numberOf(await answer(peer, late), 2)!
    const end = await peer.ended(late)
    expect(whole.length - first).toBeGreaterThan(500_000)
    expect(whole.length - first).toBeLessThan(800_000)
    expect(end.stdout.equals(whole.subarray(first))).toBe(true)
    expect(end.stderr.toString()).toMatch(/ 100% | 9\d% /)
  })

  test('on a disk that gets full waits rather than lose, where it is to', async () => {
    const peer = await full('800k')
    const number = peer.spawn(
      detached(newId(), 'head -c 3000000 /dev/zero', { window: 100, spool: sizes(100 << 20, 1) }),
    )
    await peer.next((one) => one.command === number && one.type === FrameType.output)
    peer.grant(number, 1, 0, 1 << 30)
    for (let got = 0; got < 3_000_000;) {
      got = peer.output(number, 1).length
      peer.grant(number, 1, got, 1 << 30)
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    const end = await peer.ended(number)
    expect([end.code, end.stdout.length, numberOf(end.fields, 15)]).toEqual([0, 3_000_000, undefined])
  })

  test('where the first folder has no room lies elsewhere', async () => {
    const peer = await full('64k')
    const id = newId()
    const end = await peer.run(detached(id, 'head -c 1000000 /dev/zero'))
    expect([end.stdout.length, end.code]).toEqual([1_000_000, 0])
    expect((await peer.ended(attach(peer, id))).stdout.length).toBe(1_000_000)
  })

  test('cannot be reached by commands', async () => {
    const id = newId()
    const peer = await connect()
    const number = peer.spawn(detached(id, 'echo secret; sleep 100'))
    await peer.next((one) => one.command === number && one.type === FrameType.output)
    const look =
      'ls -A /tmp /var/tmp /dev/shm 2>/dev/null; for p in 1 /proc/self/../1; do cat /proc/$p/fd/* ; done'
    for (const user of ['0', '1000']) {
      const seen = await peer.run({ argv: ['sh', '-c', `${look} 2>&1`], env: ['PATH=/bin'], cwd: '/', user })
      expect(seen.stdout.toString()).not.toContain('secret')
      expect(seen.stdout.toString()).not.toContain('.anyon')
    }
    const own = await peer.run(detached(newId(), 'ls /proc/self/fd | tr "\\n" " "'))
    expect(own.stdout.toString()).toBe('0 1 2 3 ') // 3 is of ls itself
    peer.kill(number, 9, 0)
    await peer.ended(number)
  })
})

test('a list has what runs and what is kept, and nothing of the arguments', async () => {
  const [kept, running] = [newId(), newId()]
  const peer = await connect()
  await peer.run(detached(kept, 'exit 9'))
  const number = peer.spawn({ argv: ['sleep', '123'], env: ['PATH=/bin'], cwd: '/', id: running })
  await peer.next((one) => one.command === number && one.type === FrameType.started)
  const entries = new Map((await list(peer)).map((fields) => [idOf(fields), fields]))
  const [one, other] = [entries.get(kept)!, entries.get(running)!]
  expect([numberOf(one, 3), numberOf(other, 3)]).toEqual([3, 0])
  expect(numberOf(decodeRecord(one.find(([tag]) => tag === 10)![1]), 1)).toBe(9 << 8)
  expect(text(other.find(([tag]) => tag === 2)?.[1])).toBe('sleep')
  expect(Buffer.concat(other.map(([, bytes]) => bytes)).toString('latin1')).not.toContain('123')
  peer.kill(number, 9, 0)
  await peer.ended(number)
})

test('only so many that have ended are kept, the last ones', async () => {
  const fresh = await start()
  onTestFinished(() => removeContainer(fresh))
  const peer = await connect(fresh)
  for (let index = 0; index < 1030; index += 103) {
    const ids = Array.from({ length: 103 }, (_, offset) => `kept-${index + offset}`)
    for (const id of ids) await peer.run({ argv: ['true'], env: ['PATH=/bin'], cwd: '/', flags: 16, id })
  }
  const ids = (await list(peer)).map(idOf)
  expect([ids.length, ids[0], ids.at(-1)]).toEqual([1024, 'kept-6', 'kept-1029'])
}, 60_000)

describe('a lease', () => {
  const lease = (peer: Peer, ...fields: Field[]) => peer.send(FrameType.lease, 0, encodeRecord(fields))
  const ended = async (id: string) => {
    const { status, body } = await engineRequest('POST', `/containers/${id}/wait`)
    return [status, (body as { StatusCode: number }).StatusCode]
  }
  const leased = async (...fields: Field[]) => {
    const id = await start()
    onTestFinished(() => removeContainer(id))
    const peer = await connect(id)
    lease(peer, ...fields)
    return { id, peer }
  }

  test('that nobody renews ends the container, with its commands and with code 0', async () => {
    const { id, peer } = await leased([1, u64(1500)])
    const running = peer.spawn(detached(newId(), 'trap "" TERM; echo up; while :; do sleep 1; done'))
    const begun = Date.now()
    for (let times = 0; times < 7; times++) {
      await new Promise((resolve) => setTimeout(resolve, 300))
      lease(peer, [1, u64(1500)])
    }
    expect(peer.frames.some(({ type }) => type === FrameType.exit)).toBe(false)
    expect(await peer.ended(running)).toMatchObject({ cause: 7, signal: 9, verified: 1 })
    expect(Date.now() - begun).toBeGreaterThan(3400)
    expect(await ended(id)).toEqual([200, 0])
  })

  test('of a time to live is not put off by renewing another', async () => {
    const { id, peer } = await leased([3, u64(800)], [1, u64(60_000)])
    const running = peer.spawn(detached(newId(), 'echo up; sleep 100'))
    lease(peer, [1, u64(60_000)])
    expect(await peer.ended(running)).toMatchObject({ cause: 7 })
    expect(await ended(id)).toEqual([200, 0])
  })

  test('of an idle limit counts from the last connection and the last command', async () => {
    const { id, peer } = await leased([2, u64(1000)])
    const begun = Date.now()
    peer.spawn(detached(newId(), 'sleep 2'))
    await hangUp(peer)
    expect(await ended(id)).toEqual([200, 0])
    const { finishedAt } = (await engine.inspectContainer(id)).state
    expect(Number(finishedAt) - begun).toBeGreaterThan(2990)
  })

  test('is given back by 0', async () => {
    const { peer } = await leased([1, u64(400)])
    lease(peer, [1, u64(0)])
    expect((await peer.run({ argv: ['sleep', '0.8'], env: ['PATH=/bin'], cwd: '/' })).code).toBe(0)
  })

  test('of a number of the wrong width is malformed', async () => {
    const { peer } = await leased([1, u32(400)])
    const error = await peer.next(({ type }) => type === FrameType.error)
    expect(numberOf(decodeRecord(error.payload), 1)).toBe(5)
  })
})

const questions: [string, Buffer][] = [
  ['an ATTACH without an id', encodeFrame(FrameType.attach, 1)],
  [
    'an ATTACH with an offset of the wrong width',
    encodeFrame(
      FrameType.attach,
      1,
      encodeRecord([
        [1, Buffer.from('x')],
        [2, u32(0)],
      ]),
    ),
  ],
  ['a FORGET that is cut', encodeFrame(FrameType.forget, 1, Buffer.from([1, 0, 9, 0, 0, 0]))],
  ['a LIST of something', encodeFrame(FrameType.list, 1, Buffer.from([1]))],
  ['a LIST of the connection', encodeFrame(FrameType.list, 0)],
]
test.each(questions)('%s is malformed', async (_, frame) => {
  const peer = await connect()
  peer.write(frame)
  const error = await peer.next(({ type }) => type === FrameType.error)
  expect(numberOf(decodeRecord(error.payload), 1)).toBe(5)
})
