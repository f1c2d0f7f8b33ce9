import { createHash, randomBytes } from 'node:crypto'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { encodeFrame, FrameType, type Frame } from './codec.js'
import { SupervisorProcess } from './supervisor-process.js'

// For a sanitized build on a busy machine.
vi.setConfig({ testTimeout: 30_000 })

let supervisor: SupervisorProcess

beforeEach(async () => {
  supervisor = await SupervisorProcess.open()
})

afterEach(async () => {
  await supervisor.close()
})

const PATH = 'PATH=/usr/bin:/bin'
const sh = (script: string) => ({ argv: ['sh', '-c', script], env: [PATH], cwd: '/' })
const lengthOf = (number: number, channel = 1) => supervisor.output(number, channel).length
const until = (number: number, length: number) => supervisor.next(() => lengthOf(number) >= length)

/** Everything that was written before has been obeyed, and what it led to has been sent. */
async function settled(): Promise<void> {
  const token = randomBytes(8)
  supervisor.send(FrameType.ping, 0, token)
  await supervisor.next((frame) => frame.type === FrameType.pong && frame.payload.equals(token))
}

test('output stops at the limit, to the byte, and goes on with more', async () => {
  const number = supervisor.spawn({ ...sh('yes | head -c 1000000'), window: 1000 })
  for (const limit of [1000, 1001, 5000, 70_000, 300_000]) {
    supervisor.grant(number, 1, lengthOf(number), limit)
    await until(number, limit)
    await settled()
    expect(lengthOf(number)).toBe(limit)
  }
  supervisor.grant(number, 1, lengthOf(number), 2_000_000)
  const end = await supervisor.ended(number)
  expect(end.stdout.toString()).toBe('y\n'.repeat(500_000))
})

test('a limit that goes down changes nothing', async () => {
  const number = supervisor.spawn({ ...sh('head -c 5000 /dev/zero'), window: 4000 })
  supervisor.grant(number, 1, 0, 10)
  await until(number, 4000)
  supervisor.grant(number, 1, 4000, 5000)
  expect((await supervisor.ended(number)).stdout.length).toBe(5000)
})

test('a window used up exactly does not keep the end from being told', async () => {
  const end = await supervisor.run({ ...sh('head -c 4096 /dev/zero; exit 7'), window: 4096 })
  expect(end).toMatchObject({ code: 7 })
  expect(end.stdout.length).toBe(4096)
  expect(await supervisor.run({ ...sh('exit 8'), window: 0 })).toMatchObject({ code: 8 })
})

test('without window the command itself is stopped, and neither its other stream nor another command is', async () => {
  const number = supervisor.spawn({ ...sh('yes & exec >&2; echo side; sleep 100'), window: 10_000 })
  await supervisor.next((frame) => frame.command === number && frame.channel === 2)
  await until(number, 10_000)
  expect(await supervisor.run(sh('echo other'))).toMatchObject({ stdout: Buffer.from('other\n') })
  await settled()
  expect(lengthOf(number)).toBe(10_000)
  supervisor.kill(number, 9)
  await supervisor.next((frame) => frame.command === number && frame.type === FrameType.killed)
  supervisor.grant(number, 1, 10_000, 10_000_000)
  expect(await supervisor.ended(number)).toMatchObject({ signal: 9, cause: 1, verified: 1 })
})

test('every byte arrives through a small window', async () => {
  const script = 'i=0; while [ $i -lt 3000 ]; do echo "line $i"; i=$((i+1)); done | tee /dev/stderr'
  const number = supervisor.spawn({ ...sh(script), window: 512 })
  const received = { 1: 0, 2: 0 }
  await supervisor.next((frame) => {
    if (frame.command !== number) return false
    if (frame.type === FrameType.output) {
      const channel = frame.channel as 1 | 2
      received[channel] += frame.payload.length
      supervisor.grant(number, channel, received[channel], received[channel] + 512)
    }
    return frame.type === FrameType.exit
  })
  const expected = Array.from({ length: 3000 }, (_, i) => `line ${i}\n`).join('')
  expect(supervisor.output(number, 1).toString()).toBe(expected)
  expect(supervisor.output(number, 2).toString()).toBe(expected)
})

/** Sends all bytes as the windows allow, and the end. */
async function pour(number: number, bytes: Buffer, first = 65_536): Promise<void> {
  let sent = 0
  let limit = first
  const push = (): void => {
    while (sent < Math.min(limit, bytes.length)) {
      const piece = bytes.subarray(sent, Math.min(limit, bytes.length, sent + 200_000))
      supervisor.send(FrameType.data, number, piece)
      sent += piece.length
    }
  }
  push()
  await supervisor.next((frame: Frame) => {
    if (frame.command === number && frame.type === FrameType.stdinWindow) {
      limit = Number(frame.payload.readBigUInt64LE(8))
      push()
    }
    return sent === bytes.length
  })
  supervisor.send(FrameType.end, number)
}

test('stdin goes through its window whole', async () => {
  const bytes = randomBytes(20_000_000)
  const number = supervisor.spawn({ argv: ['sha256sum'], env: [PATH], cwd: '/', flags: 1 })
  await pour(number, bytes)
  const end = await supervisor.ended(number)
  expect(end.stdout.toString().slice(0, 64)).toBe(createHash('sha256').update(bytes).digest('hex'))
})

test('stdin of a command that reads late is held, and no more of it is asked for', async () => {
  const number = supervisor.spawn({ ...sh('read -r go; wc -c'), flags: 1 })
  supervisor.send(FrameType.data, number, Buffer.alloc(65_536, 'x'))
  await settled()
  const granted = supervisor.frames.filter((frame) => frame.type === FrameType.stdinWindow)
  expect(Number(granted.at(-1)?.payload.readBigUInt64LE(8) ?? 0)).toBeLessThanOrEqual(65_536 * 3)
  const rest = Buffer.concat([Buffer.from('\n'), Buffer.alloc(9999)])
  await supervisor.next((frame) => frame.type === FrameType.stdinWindow)
  supervisor.send(FrameType.data, number, rest)
  supervisor.send(FrameType.end, number)
  expect((await supervisor.ended(number)).stdout.toString().trim()).toBe('9999')
})

test('a command that closes its stdin makes the host free to stop', async () => {
  const number = supervisor.spawn({ ...sh('exec <&-; sleep 0.2; echo done; sleep 0.2'), flags: 1 })
  await supervisor.next((frame) => frame.command === number && frame.type === FrameType.started)
  await supervisor.next((frame) => frame.command === number && frame.type === FrameType.output)
  supervisor.send(FrameType.data, number, Buffer.alloc(1000))
  await supervisor.next((frame) => frame.command === number && frame.type === FrameType.stdinClosed)
  supervisor.send(FrameType.data, number, Buffer.alloc(1000))
  supervisor.send(FrameType.end, number)
  expect(await supervisor.ended(number)).toMatchObject({ code: 0 })
})

test('a host that does not read stops nothing but its own stream', async () => {
  const number = supervisor.spawn({ ...sh('yes'), timeoutMs: 1500, graceMs: 100, window: 2 ** 32 - 1 })
  await until(number, 1000)
  supervisor.child.stdout.pause()
  const started = Date.now()
  const many = Array.from({ length: 2000 }, () => encodeFrame(FrameType.ping, 0, Buffer.alloc(8)))
  supervisor.write(Buffer.concat(many))
  await new Promise((resolve) => setTimeout(resolve, 1800))
  supervisor.child.stdout.resume()
  expect(await supervisor.ended(number)).toMatchObject({ cause: 3, signal: 15 })
  expect(Date.now() - started).toBeLessThan(10_000)
})
