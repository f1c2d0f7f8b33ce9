import { createHash, randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
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
import { spawnRecord, type Peer } from './supervisor-process.js'

let engine: ContainerEngine
let container: string

beforeAll(async () => {
  engine = await connectEngine({ host: testEndpoint() })
  const binary = binaryFor((await engine.version()).architecture)
  const body = { Image: BUSYBOX_IMAGE, Entrypoint: ['/supervisor', 'init'] }
  container = await createWithSupervisor(engine, body, binary)
  await engineRequest('POST', `/containers/${container}/start`)
})

afterAll(async () => {
  if (container) await removeContainer(container)
  await engine?.close()
})

interface Hello {
  id?: Buffer
  graceMs?: number
  received?: number
  mayBegin?: boolean
  silenceMs?: number
}

/** A stream that has been greeted; `id` names a session. */
async function open({ id, graceMs = 5000, received, mayBegin, silenceMs }: Hello): Promise<Exec> {
  const exec = await Exec.start(engine, container, ['/supervisor', 'connect'])
  await exec.next((one) => one.type === FrameType.hostHello)
  const fields: Field[] = [
    [1, u32(1)],
    [2, u32(1)],
  ]
  if (id) fields.push([3, id], [4, u32(graceMs)])
  if (received !== undefined) fields.push([6, u64(received)])
  if (mayBegin) fields.push([7, Buffer.alloc(0)])
  if (silenceMs !== undefined) fields.push([8, u32(silenceMs)])
  exec.write(encodeFrame(FrameType.hello, 0, encodeRecord(fields)))
  return exec
}

/** What RESUMED says the supervisor has received. */
async function resumed(exec: Peer): Promise<number> {
  const frame = await exec.next(({ type }) => type === 0x8c || type === 0x8d || type === FrameType.error)
  expect(frame.type).toBe(0x8c)
  return Number(frame.payload.readBigUInt64LE())
}

/** The bytes of the session that came in whole frames: all but HELLO and RESUMED. */
const counted = (exec: Peer) =>
  exec.frames.slice(2).reduce((sum, { payload }) => sum + 12 + payload.length, 0)

/** Ends the stream without a goodbye, and waits for the supervisor to have noticed. */
const hangUp = async (exec: Exec) => {
  exec.end()
  await exec.closed
}

const sh = (script: string) => ({ argv: ['sh', '-c', script], env: ['PATH=/bin'], cwd: '/' })
const spawning = (number: number, script: string) =>
  encodeFrame(FrameType.spawn, number, spawnRecord({ ...sh(script), flags: 1 }))

const isRunning = async (word: string) => {
  const { body } = await engineRequest('GET', `/containers/${container}/top?ps_args=-eo%20pid,args`)
  return JSON.stringify((body as { Processes: unknown }).Processes).includes(word)
}

test('a session goes on over another stream from the bytes that both sides had, in mid-frame', async () => {
  const id = randomBytes(16)
  const first = await open({ id })
  expect(await resumed(first)).toBe(0)
  const spawn = spawning(1, 'echo one; cat; exit 5')
  const input = encodeFrame(FrameType.data, 1, Buffer.from('two\n'))
  const bytes = Buffer.concat([spawn, input, encodeFrame(FrameType.end, 1)])
  first.write(bytes.subarray(0, spawn.length + 14))
  await first.next(({ type }) => type === FrameType.output)
  await hangUp(first)

  const had = counted(first)
  const before = first.output(1, 1).toString()
  const second = await open({ id, received: had })
  const received = await resumed(second)
  expect(received).toBe(spawn.length + 14)
  second.write(bytes.subarray(received))
  const end = await second.ended(1)
  expect(end.code).toBe(5)
  expect(before + end.stdout.toString()).toBe('one\ntwo\n')
  await hangUp(second)

  const third = await open({ id, received: had })
  await resumed(third)
  expect(before + (await third.ended(1)).stdout.toString()).toBe('one\ntwo\n')
  third.send(0x0a, 0)
  await third.closed
  const fourth = await open({ id, received: 0 })
  expect((await fourth.next(({ type }) => type === 0x8d)).payload.toString()).toContain('not known')
})

test('what was sent is kept until it is acknowledged, and no longer; more than was sent cannot be', async () => {
  const id = randomBytes(16)
  const first = await open({ id })
  first.write(spawning(1, 'echo kept'))
  await first.ended(1)
  const all = counted(first)
  first.send(0x09, 0, u64(all))
  first.send(FrameType.ping, 0, u64(7))
  await first.next(({ type }) => type === FrameType.pong)
  await hangUp(first)
  const late = await open({ id, received: all - 1 })
  expect((await late.next(({ type }) => type === 0x8d)).payload.toString()).toContain('does not fit')
  const second = await open({ id, received: all })
  await resumed(second)
  second.send(0x09, 0, u64(all + 1000))
  const error = await second.next(({ type }) => type === FrameType.error)
  expect(numberOf(decodeRecord(error.payload), 1)).toBe(7)
})

test('without a stream, output is kept up to the bound and the command then blocks; nothing is lost', async () => {
  const id = randomBytes(16)
  const first = await open({ id })
  first.write(spawning(1, 'seq 1 600000; echo done >&2'))
  await resumed(first)
  await hangUp(first)
  const had = counted(first)
  const pieces = [first.output(1, 1)]
  await delay(300)
  const second = await open({ id, received: had })
  await resumed(second)
  let received = had
  let acknowledged = had
  await second.next((frame) => {
    if (frame.type === 0x8c || frame.type === FrameType.hostHello) return false
    received += 12 + frame.payload.length
    if (frame.command === 1 && frame.channel === 1) pieces.push(frame.payload)
    if (received - acknowledged > 100_000) second.send(0x09, 0, u64((acknowledged = received)))
    return frame.type === FrameType.exit
  })
  second.send(0x0a, 0)
  const numbers = Array.from({ length: 600_000 }, (_, index) => `${index + 1}\n`).join('')
  expect(sha256(Buffer.concat(pieces))).toBe(sha256(Buffer.from(numbers)))
})

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

test('a stream that still seems alive is dropped for the new one', async () => {
  const id = randomBytes(16)
  const first = await open({ id })
  first.write(spawning(1, 'read -r line; echo "$line"'))
  await first.next(({ type }) => type === FrameType.started)
  const second = await open({ id, received: counted(first) })
  await resumed(second)
  await first.closed
  second.send(FrameType.data, 1, Buffer.from('here\n'))
  expect((await second.ended(1)).stdout.toString()).toBe('here\n')
})

test('after the grace commands are killed; a host that comes back hears of it', async () => {
  const id = randomBytes(16)
  const graceMs = 1000
  const first = await open({ id, graceMs })
  first.write(spawning(1, 'trap "" TERM; echo up; sleep 4321'))
  await first.next(({ type }) => type === FrameType.output)
  const left = performance.now()
  await hangUp(first)
  await expect.poll(() => isRunning('sleep 4321')).toBe(false)
  expect(performance.now() - left).toBeGreaterThanOrEqual(graceMs - 1)
  const second = await open({ id, received: counted(first) })
  await resumed(second)
  expect(await second.ended(1)).toMatchObject({ cause: 4, verified: 1 })
})

test('a host that is silent for longer than it said is taken for gone, though its stream has not ended', async () => {
  for (const id of [randomBytes(16), undefined]) {
    const exec = await open({ ...(id && { id }), graceMs: 200, silenceMs: 1500 })
    exec.write(spawning(1, 'trap "" TERM; echo up; sleep 6543'))
    await exec.next(({ type }) => type === FrameType.output)
    for (let i = 0; i < 4; i++) {
      await delay(700)
      exec.send(FrameType.ping, 0, u64(i))
    }
    expect(await isRunning('sleep 6543')).toBe(true)
    await exec.closed
    await expect.poll(() => isRunning('sleep 6543')).toBe(false)
    if (!id) continue
    const second = await open({ id, received: counted(exec) })
    await resumed(second)
    expect(await second.ended(1)).toMatchObject({ cause: 4, verified: 1 })
  }
})

test('a goodbye, and an end without a session, kill at once', async () => {
  for (const id of [randomBytes(16), undefined]) {
    const exec = await open({ ...(id && { id }), graceMs: 60_000 })
    exec.write(spawning(1, 'echo up; sleep 5432'))
    await exec.next(({ type }) => type === FrameType.output)
    if (id) exec.send(0x0a, 0)
    await hangUp(exec)
    await expect.poll(() => isRunning('sleep 5432')).toBe(false)
  }
})

test('a session is begun once; one that may never have been begun is begun by its second HELLO', async () => {
  const id = randomBytes(16)
  const first = await open({ id, received: 0, mayBegin: true })
  expect(await resumed(first)).toBe(0)
  first.write(spawning(1, 'echo once'))
  await first.ended(1)
  const again = await open({ id })
  const error = await again.next(({ type }) => type === FrameType.error)
  expect(numberOf(decodeRecord(error.payload), 1)).toBe(5)
  const second = await open({ id, received: 0, mayBegin: true })
  expect(await resumed(second)).toBeGreaterThan(0)
  expect((await second.ended(1)).stdout.toString()).toBe('once\n')
})
