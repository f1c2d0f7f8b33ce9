import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { FrameType, numberOf, u64 } from './codec.js'
import { childrenOf, eventually, isThere, processesWith, statusOf } from './processes.js'
import { SupervisorProcess } from './supervisor-process.js'

// For a sanitized build on a busy machine.
vi.setConfig({ testTimeout: 30_000 })

let supervisor: SupervisorProcess
let marker: string

beforeEach(async () => {
  supervisor = await SupervisorProcess.open()
  marker = `marker-${randomUUID()}`
})

afterEach(async () => {
  await supervisor.close()
  await eventually(() => processesWith(marker).length === 0)
})

/** By then a shell has begun, printed a line, or ignored a signal, on a machine however busy. */
const begunMs = 1500
const PATH = 'PATH=/usr/bin:/bin'
const sh = (script: string) => ({ argv: ['sh', '-c', script, marker], env: [PATH], cwd: '/' })
const said = (number: number, text: string) =>
  supervisor.next(() => supervisor.output(number, 1).toString().includes(text))

/** One process of each way to get out of reach, four times; says "up" when all of them are there. */
const hostile = `
  trap '' TERM HUP INT
  for i in 1 2 3 4; do
    setsid sh -c 'trap "" TERM; while :; do sleep 100; done' $0 &
    (setsid sh -c 'sh -c "while :; do sleep 100; done" $0 & exit' $0 &)
    env -i sh -c 'while :; do /bin/sleep 100; done' $0 &
    sh -c 'kill -STOP $$; sleep 100' $0 &
    setsid setsid sh -c '(sh -c "kill -STOP \\$\\$; sleep 100" $0 &) ; sleep 100' $0 &
  done
  sleep 0.3; echo up; wait`

describe('kill', () => {
  test('ends a hostile tree, and nothing of it is left', async () => {
    const number = supervisor.spawn(sh(hostile))
    await said(number, 'up')
    expect(processesWith(marker).length).toBeGreaterThanOrEqual(20)
    supervisor.kill(number, 15, 50)
    const end = await supervisor.ended(number)
    expect(processesWith(marker)).toEqual([])
    expect(end).toMatchObject({ cause: 1, signal: 9, verified: 1, survivors: 0 })
    expect(end.killedAnswer).toMatchObject({ verified: 1 })
    expect(end.killedAnswer?.killed).toBeGreaterThanOrEqual(20)
    expect(end.types.indexOf(FrameType.killed)).toBeLessThan(end.types.indexOf(FrameType.exit))
  })

  test('lets a command end by itself within the grace, and its code stands', async () => {
    const number = supervisor.spawn(sh(`trap 'echo bye; exit 5' TERM; echo up; while :; do sleep 0.01; done`))
    await said(number, 'up')
    supervisor.kill(number, 15, 10_000)
    const end = await supervisor.ended(number)
    expect(end).toMatchObject({ code: 5, cause: 1, verified: 1 })
    expect(end.stdout.toString()).toBe('up\nbye\n')
  })

  test('reaches a stopped command with what it is told to do', async () => {
    const number = supervisor.spawn(sh(`trap 'exit 6' TERM; echo up; kill -STOP $$; sleep 100`))
    await said(number, 'up')
    supervisor.kill(number, 15, 10_000)
    expect(await supervisor.ended(number)).toMatchObject({ code: 6, cause: 1 })
  })

  test.each([1, 2, 10, 12])('sends signal %i when that is asked for', async (signal) => {
    const number = supervisor.spawn(sh(`echo up; while :; do sleep 0.01; done`))
    await said(number, 'up')
    supervisor.kill(number, signal, 10_000, 2)
    expect(await supervisor.ended(number)).toMatchObject({ signal, cause: 2 })
  })

  test('again shortens the grace, and never lengthens it', async () => {
    const number = supervisor.spawn(sh(`trap '' TERM; echo up; while :; do sleep 0.01; done`))
    await said(number, 'up')
    supervisor.kill(number, 15, 60_000)
    supervisor.kill(number, 15, 50)
    supervisor.kill(number, 15, 60_000)
    expect(await supervisor.ended(number)).toMatchObject({ signal: 9, cause: 1 })
  })

  test('at any moment after the spawn leaves nothing', async () => {
    const numbers = Array.from({ length: 100 }, () => supervisor.spawn(sh('(setsid sleep 100 &); sleep 100')))
    for (const [i, number] of numbers.entries()) setTimeout(() => supervisor.kill(number, 15, 20), i / 4)
    for (const number of numbers) {
      expect(await supervisor.ended(number)).toMatchObject({ cause: 1, verified: 1 })
    }
    expect(processesWith(marker)).toEqual([])
  })

  test('of a command that has ended is ignored', async () => {
    const number = supervisor.spawn(sh('exit 4'))
    const end = await supervisor.ended(number)
    supervisor.kill(number)
    supervisor.send(FrameType.extend, number, u64(5))
    supervisor.grant(number, 1, 0, 5)
    expect(end).toMatchObject({ code: 4, cause: 0, requested: undefined, killedAnswer: undefined })
    expect(await supervisor.run(sh('exit 0'))).toMatchObject({ code: 0 })
  })

  test('stops a fork bomb at the limit of processes', async () => {
    // Its own user, so that the limit counts its processes alone; without a limit it does not begin.
    const bomb = 'ulimit -u 150 || exit 9; bomb() { bomb | bomb & }; echo up; bomb 2>/dev/null; sleep 100'
    const user = process.getuid?.() === 0 ? { user: '54321' } : {}
    const number = supervisor.spawn({ ...sh(''), argv: ['bash', '-c', bomb, marker], ...user })
    await said(number, 'up')
    await eventually(() => processesWith(marker).length > 50)
    supervisor.kill(number, 9, 0)
    expect(await supervisor.ended(number)).toMatchObject({ verified: 1, survivors: 0 })
    expect(processesWith(marker)).toEqual([])
  })
})

describe('what a command leaves behind', () => {
  test('is killed when it ends, before its end is told', async () => {
    const end = await supervisor.run(sh('(setsid sh -c "sleep 100; :" $0 &); sleep 100 & echo up; exit 3'))
    expect(end).toMatchObject({ code: 3, cause: 0, verified: 1, survivors: 0 })
    expect(end.killed).toBeGreaterThanOrEqual(2)
    expect(processesWith(marker)).toEqual([])
  })

  test('lives on where that is asked for, and its output is dropped', async () => {
    const script = '(while kill -0 $1; do echo later; sleep 0.01; done) & echo pid $!; exit 3'
    const request = {
      argv: ['sh', '-c', script, marker, String(process.pid)],
      env: [PATH],
      cwd: '/',
      flags: 2,
    }
    const end = await supervisor.run(request)
    expect(end.code).toBe(3)
    const left = Number(/pid (\d+)/.exec(end.stdout.toString())?.[1])
    await supervisor.run(sh('sleep 0.2'))
    expect(processesWith(marker)).toContain(left)
    process.kill(left, 'SIGKILL')
  })

  test('cannot hold the end back by holding the output of another command', async () => {
    const holder = supervisor.spawn({
      ...sh('read -r pid; exec 3> /proc/$pid/fd/1; echo held; sleep 100'),
      flags: 1,
    })
    const number = supervisor.spawn({ ...sh('echo up; read -r line'), flags: 1 })
    await said(number, 'up')
    const started = await supervisor.next(
      (frame) => frame.command === number && frame.type === FrameType.started,
    )
    const pid = numberOf([[1, started.payload.subarray(6, 10)]], 1)
    supervisor.send(FrameType.data, holder, Buffer.from(`${pid}\n`))
    await said(holder, 'held')
    supervisor.send(FrameType.end, number)
    expect(await supervisor.ended(number)).toMatchObject({ code: 1, verified: 1 })
    supervisor.kill(holder, 9, 0)
    await supervisor.ended(holder)
  })
})

describe('the time limit', () => {
  test('ends the tree and keeps what was printed', async () => {
    const started = performance.now()
    const end = await supervisor.run({ ...sh('echo partial; sleep 100'), timeoutMs: begunMs, graceMs: 50 })
    expect(end).toMatchObject({ cause: 3, signal: 15, verified: 1, killedAnswer: { verified: 1 } })
    expect(end.stdout.toString()).toBe('partial\n')
    expect(performance.now() - started).toBeGreaterThanOrEqual(begunMs - 1)
    expect(processesWith(marker)).toEqual([])
  })

  test('gives a grace, then no more', async () => {
    const request = {
      ...sh(`trap '' TERM; echo up; while :; do sleep 0.01; done`),
      timeoutMs: begunMs,
      graceMs: 100,
    }
    expect(await supervisor.run(request)).toMatchObject({ cause: 3, signal: 9, verified: 1 })
  })

  test('can be put off', async () => {
    const number = supervisor.spawn({ ...sh('sleep 0.4; exit 9'), timeoutMs: 200 })
    supervisor.send(FrameType.extend, number, u64(60_000))
    expect(await supervisor.ended(number)).toMatchObject({ code: 9, cause: 0 })
  })

  test('and a kill: the first cause stands, the other is told beside it', async () => {
    const script = `trap 'echo told' TERM; while :; do sleep 0.01; done`
    const number = supervisor.spawn({ ...sh(script), timeoutMs: begunMs, graceMs: 60_000 })
    await said(number, 'told')
    supervisor.kill(number, 15, 100)
    expect(await supervisor.ended(number)).toMatchObject({ cause: 3, requested: 1, signal: 9 })
  })
})

describe('the end of the host', () => {
  test('by end-of-file kills every tree and the supervisor ends', async () => {
    const number = supervisor.spawn({ ...sh(hostile), graceMs: 60_000 })
    await said(number, 'up')
    expect(await supervisor.close()).toBe(0)
    expect(processesWith(marker)).toEqual([])
  })

  test('of the supervisor, by SIGKILL, leaves no process either', async () => {
    const number = supervisor.spawn(sh(hostile))
    await said(number, 'up')
    supervisor.child.kill('SIGKILL')
    await supervisor.closed
    await eventually(() => processesWith(marker).length === 0)
  })

  test('of a monitor, by SIGKILL, is told as an end that nobody knows', async () => {
    const number = supervisor.spawn(sh('echo up; sleep 100'))
    await said(number, 'up')
    const [monitor] = childrenOf(supervisor.child.pid as number)
    process.kill(monitor as number, 'SIGKILL')
    const end = await supervisor.ended(number)
    expect(end).toMatchObject({ status: undefined, verified: 0 })
    await eventually(() => !isThere(end.pid as number))
    expect(await supervisor.run(sh('exit 0'))).toMatchObject({ code: 0 })
  })
})

test('a thousand commands leave no process, descriptor or memory behind', async () => {
  const pid = supervisor.child.pid as number
  const residentKiB = () => parseInt(statusOf(pid, 'VmRSS') ?? '', 10)
  const rounds = async (count: number) => {
    for (let round = 0; round < count; round++) {
      await Promise.all(Array.from({ length: 50 }, (_, i) => supervisor.run(sh(`exit ${i}`))))
      supervisor.frames.length = 0
    }
  }
  await rounds(5)
  const before = residentKiB()
  await rounds(15)
  // A sanitized build keeps freed memory for a while.
  expect(residentKiB() - before).toBeLessThan(process.env['ANYON_SUPERVISOR_BINARY'] ? 50_000 : 100)
  expect(Number(statusOf(pid, 'FDSize'))).toBeLessThan(1000)
  await eventually(() => childrenOf(pid).length === 0)
}, 60_000)

test('orders that cross the last word of a command leave it known how it ended', async () => {
  for (let times = 0; times < 40; times++) {
    const number = supervisor.spawn(sh('echo up; exec sleep 600'))
    await said(number, 'up')
    const ended = supervisor.ended(number)
    let isOver = false
    void ended.finally(() => (isOver = true))
    while (!isOver) {
      supervisor.kill(number, 9, 0)
      await new Promise(setImmediate)
    }
    expect(await ended).toMatchObject({ cause: 1, signal: 9, verified: 1 })
  }
})
