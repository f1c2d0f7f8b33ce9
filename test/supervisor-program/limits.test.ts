import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { FrameType, u64 } from './codec.js'
import { childrenOf } from './processes.js'
import { SupervisorProcess } from './supervisor-process.js'

// For a sanitized build on a busy machine.
vi.setConfig({ testTimeout: 30_000 })

let supervisor: SupervisorProcess

beforeEach(async () => {
  supervisor = await SupervisorProcess.open()
})
afterEach(() => supervisor.close())

const sh = (script: string) => ({ argv: ['sh', '-c', script], env: ['PATH=/usr/bin:/bin'], cwd: '/' })
const said = (number: number, text: string) =>
  supervisor.next(() => supervisor.output(number, 1).toString().includes(text))
const ms = (duration: number) => new Promise((resolve) => setTimeout(resolve, duration))
/** By then a shell has begun, printed a line, or ignored a signal, on a machine however busy. */
const begunMs = 1500
/** SIGWINCH: ends nothing. */
const harmless = 28
const stubborn = `trap '' TERM; echo up; while :; do sleep 0.01; done`

describe('silence', () => {
  test('for too long ends the command, and what it printed before is kept', async () => {
    const began = performance.now()
    const request = { ...sh('echo up; sleep 100'), idleTimeoutMs: begunMs, graceMs: 60_000 }
    const end = await supervisor.run(request)
    expect(end).toMatchObject({ cause: 6, signal: 15, verified: 1, killedAnswer: { verified: 1 } })
    expect(end.stdout.toString()).toBe('up\n')
    expect(performance.now() - began).toBeGreaterThanOrEqual(begunMs - 1)
  })

  test('from the beginning counts too, and is killed after its grace', async () => {
    const script = `trap '' TERM; while :; do sleep 0.01; done`
    const end = await supervisor.run({ ...sh(script), idleTimeoutMs: begunMs, graceMs: 100 })
    expect(end).toMatchObject({ cause: 6, signal: 9, verified: 1 })
  })

  test.each(['', ' >&2'])('is broken by output%s', async (to) => {
    const script = `for i in $(seq 20); do sleep 0.1; echo $i${to}; done; exit 5`
    expect(await supervisor.run({ ...sh(script), idleTimeoutMs: begunMs })).toMatchObject({
      code: 5,
      cause: 0,
    })
  })

  test('is none while output waits for its reader', async () => {
    const limit = { idleTimeoutMs: begunMs }
    const number = supervisor.spawn({ ...sh('head -c 200000 /dev/zero; exit 5'), ...limit, window: 10 })
    await supervisor.next((frame) => frame.command === number && frame.type === FrameType.output)
    expect(await supervisor.run({ ...sh('sleep 100'), ...limit })).toMatchObject({ cause: 6 })
    const killed = supervisor.frames.filter(({ type }) => type === FrameType.killed)
    expect(killed.map(({ command }) => command)).not.toContain(number)
    supervisor.grant(number, 1, 10, 1_000_000)
    expect(await supervisor.ended(number)).toMatchObject({ code: 5, cause: 0 })
  })

  test('is one when all output was taken, window or not', async () => {
    const request = { ...sh('head -c 1000 /dev/zero; sleep 100'), idleTimeoutMs: 100, window: 1000 }
    expect(await supervisor.run(request)).toMatchObject({ cause: 6, signal: 15 })
  })

  test('in the grace of a kill is no second reason', async () => {
    const number = supervisor.spawn({ ...sh('sleep 100'), idleTimeoutMs: 100, timeoutMs: 150 })
    supervisor.kill(number, harmless, 400)
    expect(await supervisor.ended(number)).toMatchObject({ cause: 1, requested: undefined, signal: 9 })
  })
})

describe('time in which the supervisor could not run', () => {
  /** Says how long it was, which may be more than was asked for. */
  const pause = async (pids: readonly number[], duration: number) => {
    for (const pid of pids) process.kill(pid, 'SIGSTOP')
    const began = performance.now()
    await ms(duration)
    for (const pid of pids) process.kill(pid, 'SIGCONT')
    return performance.now() - began
  }
  const pid = () => supervisor.child.pid as number

  test.each([
    [{ idleTimeoutMs: 100, timeoutMs: 200 }, 6],
    [{ idleTimeoutMs: 200, timeoutMs: 100 }, 3],
  ])('leaves the limit that was over first the cause: %o', async (limits, cause) => {
    const number = supervisor.spawn({ ...sh('sleep 100'), ...limits })
    await supervisor.next(({ type }) => type === FrameType.started)
    await pause([pid()], 400)
    expect(await supervisor.ended(number)).toMatchObject({ cause })
  })

  test.each(['timeoutMs', 'idleTimeoutMs'])('counts for no %s', async (limit) => {
    const number = supervisor.spawn({ ...sh('echo up; sleep 3; exit 5'), [limit]: 2000 })
    await said(number, 'up')
    const took = await pause([pid()], 2500)
    // By the machine's clock, the limit has passed by now.
    const end = await supervisor.ended(number)
    expect(end).toMatchObject({ code: 5, cause: 0 })
    expect(end.pausedMs).toBeGreaterThan(2200)
    expect(end.pausedMs).toBeLessThan(took + 1000)
  })

  test('does not make a limit longer than it is', async () => {
    const began = performance.now()
    const number = supervisor.spawn({ ...sh('echo up; sleep 100'), timeoutMs: 1000 })
    await said(number, 'up')
    const took = await pause([pid()], 1500)
    const end = await supervisor.ended(number)
    expect(end).toMatchObject({ cause: 3, signal: 15 })
    expect(performance.now() - began).toBeGreaterThan(2200)
    // What was not told as a pause was the limit's.
    expect(performance.now() - began - Math.max(took, end.pausedMs ?? 0)).toBeLessThan(2500)
  })

  test('counts for no grace', async () => {
    const began = performance.now()
    const number = supervisor.spawn(sh(stubborn))
    await said(number, 'up')
    supervisor.kill(number, 15, 1000)
    await ms(100)
    await pause([pid(), ...childrenOf(pid())], 1500)
    expect(await supervisor.ended(number)).toMatchObject({ cause: 1, signal: 9 })
    expect(performance.now() - began).toBeGreaterThan(2200)
  })

  test('is told of a command without a limit, too', async () => {
    const number = supervisor.spawn(sh('echo up; sleep 4'))
    await said(number, 'up')
    const took = await pause([pid()], 2500)
    const end = await supervisor.ended(number)
    expect(end.pausedMs).toBeGreaterThan(1400)
    expect(end.pausedMs).toBeLessThan(took + 1000)
  })
})

test('a monitor that is stopped is continued, and its command is killed all the same', async () => {
  const number = supervisor.spawn({ ...sh('kill -STOP $PPID; echo up; sleep 100'), timeoutMs: 500 })
  await said(number, 'up')
  expect(await supervisor.ended(number)).toMatchObject({ cause: 3, signal: 15, verified: 1 })
})

test('a limit beyond all time is none, extended or not', async () => {
  const most = Number.MAX_SAFE_INTEGER
  const number = supervisor.spawn({ ...sh('sleep 0.3; exit 5'), timeoutMs: most, idleTimeoutMs: most })
  for (let i = 0; i < 3; i++) supervisor.send(FrameType.extend, number, Buffer.alloc(8, 0xff))
  expect(await supervisor.ended(number)).toMatchObject({ code: 5, cause: 0 })
  const next = supervisor.spawn({ ...sh('sleep 100'), timeoutMs: 100 })
  supervisor.send(FrameType.extend, next, u64(200))
  expect(await supervisor.ended(next)).toMatchObject({ cause: 3 })
})
