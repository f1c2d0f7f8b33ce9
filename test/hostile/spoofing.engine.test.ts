import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectEngine } from '../../src/engine/connect-engine.js'
import type { ContainerEngine } from '../../src/engine/container-engine.js'
import { firstLine, output } from '../../src/testing/case-tools.js'
import { usePlaces } from '../runners/places.js'
import { testEndpoint } from '../support/engine.js'
import { encodeFrame, encodeRecord, FrameType, u32, u64 } from '../supervisor-program/codec.js'
import { Exec } from '../supervisor-program/in-container.js'
import { perl, user, withPerl } from './attack.js'

const places = usePlaces()

/** What a supervisor would say to end the first commands of a connection, and the connection. */
const forged = Buffer.concat([
  ...[1, 2, 3, 4].flatMap((command) => [
    encodeFrame(0x85, command, Buffer.alloc(0), 1),
    encodeFrame(FrameType.exit, command, encodeRecord([[1, u32(42 << 8)], [11, Buffer.of(1)]])),
  ]),
  encodeFrame(0x8d, 0, encodeRecord([[1, Buffer.from('gone')]])),
  encodeFrame(FrameType.error, 0, encodeRecord([[1, u32(5)], [2, Buffer.from('forged')]])),
]) // prettier-ignore
const hex = forged.toString('hex')

describe.each([
  ['a user', user],
  ['root', '0'],
])('%s', (_who, asUser) => {
  test('who prints frames has printed bytes', async () => {
    const runner = places.runner(await places.ours({}, withPerl))
    const script = 'binmode STDERR; print pack("H*", $ARGV[0]); print STDERR pack("H*", $ARGV[0]); exit 5'
    const { exit, stdoutBytes, stderrBytes } = await runner.run(perl(script, hex), { user: asUser })
    expect(exit).toMatchObject({ reason: 'exited', code: 5 })
    expect([stdoutBytes, stderrBytes].map((bytes) => Buffer.from(bytes).equals(forged))).toEqual([true, true])
    expect((await runner.run(['echo', 'on'])).stdout).toBe('on\n')
  })

  test('who writes to every descriptor in a session changes no exit of it', async () => {
    const runner = places.runner(await places.ours({}, withPerl))
    const session = await runner.openSession({ user: asUser })
    const script = 'for (3 .. 300) { open my $out, ">&=", $_ or next; syswrite $out, "0\\0" x 9 } exit 5'
    expect((await session.run(perl(script))).exit).toMatchObject({ reason: 'exited', code: 5 })
    const shell = 'for fd in 3 4 5 6 7 8 9 10 11; do eval "printf 0 >&$fd" 2>/dev/null; done; exit 6'
    expect((await session.run(['sh', '-c', shell])).exit).toMatchObject({ reason: 'exited', code: 6 })
    expect((await session.run(['sh', '-c', 'exit 7'])).exit).toMatchObject({ reason: 'exited', code: 7 })
    await session.close()
  })
})

describe('root at the socket', () => {
  let engine: ContainerEngine
  beforeAll(async () => {
    engine = await connectEngine({ host: testEndpoint() })
  })
  afterAll(() => engine.close())

  const greeting = (session: Buffer) =>
    encodeFrame(FrameType.hello, 0, encodeRecord([[1, u32(2)], [2, u32(1)], [3, session], [4, u32(1000)], [6, u64(0)]])) // prettier-ignore

  test('guesses no session, and reaches no command of another connection', async () => {
    const container = await places.ours()
    const runner = places.runner(container)
    const guesses = Array.from({ length: 5 }, (_, guess) =>
      guess === 0 ? Buffer.alloc(16) : randomBytes(16),
    )
    const guessers = await Promise.all(
      guesses.map(async (guess) => {
        const exec = await Exec.start(engine, container.id, ['/.anyon/supervisor', 'connect'])
        await exec.next(({ type }) => type === FrameType.hostHello)
        return { exec, guess }
      }),
    )
    const command = runner.spawn(['sh', '-c', 'echo up; read -r line; exit 4'], { stdin: 'pipe' })
    await firstLine(command)
    // Before the host has acknowledged anything, or the offset that they claim would give them away.
    for (const { exec, guess } of guessers) exec.write(greeting(guess))
    for (const { exec } of guessers) {
      expect((await exec.next(({ type }) => type !== FrameType.hostHello)).type).toBe(0x8d)
      await exec.closed
    }
    for (let number = 1; number < 4; number++) {
      const exec = await Exec.start(engine, container.id, ['/.anyon/supervisor', 'connect'])
      await exec.greet()
      exec.kill(number, 9, 0)
      await exec.next(({ type }) => type === FrameType.error)
      await exec.closed
    }
    // Numbers that it has had itself, too: only those of its own commands are meant by them.
    const exec = await Exec.start(engine, container.id, ['/.anyon/supervisor', 'connect'])
    await exec.greet()
    for (let times = 0; times < 4; times++) await exec.run({ argv: ['/bin/true'] })
    for (let number = 1; number < 4; number++) exec.kill(number, 9, 0)
    expect((await exec.run({ argv: ['/bin/true'] })).code).toBe(0)
    command.stdin.end('\n')
    expect(await command.exit).toMatchObject({ reason: 'exited', code: 4 })
  })
})

test('root who mounts over /proc hides descendants, and what cannot be proven is not claimed', async () => {
  const container = await places.others({ ...withPerl, HostConfig: { CapAdd: ['SYS_ADMIN'] } })
  const runner = places.runner(container)
  const hidden = runner.spawn(['sh', '-c', 'setsid sleep 600 & echo up; exec sleep 600'])
  const plain = runner.spawn(['sh', '-c', 'echo up; exec sleep 600'])
  await Promise.all([firstLine(hidden), firstLine(plain)])
  await output(runner.run(['mount', '-t', 'tmpfs', 'none', '/proc']))
  expect(await plain.kill({ graceMs: 0 })).toMatchObject({ verified: true, survivors: [] })
  expect(await plain.exit).toMatchObject({ reason: 'killed', signal: 'SIGKILL' })
  expect(await hidden.kill({ graceMs: 0 })).toMatchObject({ verified: false })
  expect(await hidden.exit).toMatchObject({
    reason: 'killed',
    signal: 'SIGKILL',
    descendants: { verified: false },
  })
})
