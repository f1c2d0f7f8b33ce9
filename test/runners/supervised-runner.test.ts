import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { ContainersError } from '../../src/errors/containers-error.js'
import type { OpenedPlace } from '../../src/runners/place.js'
import type { SupervisedRunnerOptions } from '../../src/runners/supervised-options.js'
import { SupervisedRunner } from '../../src/runners/supervised-runner.js'
import { fields, frame, hello, Peer, record, u32, u64, u8 } from '../supervisor/peer.js'

const capabilities = {
  supervised: true, verifiedKill: true, exactExit: true, exactEnvironment: true, backpressure: true, users: true, uniqueUsers: true, secrets: true, oomEvidence: true,
  pausesLimits: true, detached: true, endsWithHost: true, terminals: true, files: true, ports: true, sessions: true,
  isolation: 'separate-user',
} as const // prettier-ignore

/** A runner whose supervisors are in the test's hands. */
function scripted(
  options: SupervisedRunnerOptions = {},
  more: Partial<OpenedPlace> = {},
  each: (call: [signal: AbortSignal, mayShortcut?: boolean]) => Partial<OpenedPlace> = () => ({}),
) {
  const peers: Peer[] = []
  const open = vi.fn((...call: [signal: AbortSignal, mayShortcut?: boolean]) => {
    const transport = new Peer()
    peers.push(transport)
    return Promise.resolve<OpenedPlace>({
      transport,
      defaults: { env: new Map(), path: '/bin', cwd: '/', user: undefined },
      mayBeSilent: () => Promise.resolve(false),
      complaint: () => '',
      explainLoss: () => Promise.resolve({ reason: 'engineLost', explanation: 'cut' }),
      explainRefusal: (lost) => Promise.resolve(lost),
      ...more,
      ...each(call),
    })
  })
  const runner = new SupervisedRunner(open, capabilities, options)
  const ready = async (index = 0) => {
    await expect.poll(() => peers.length).toBeGreaterThan(index)
    await turn()
    peers[index]!.say(hello())
    await turn()
    return peers[index]!
  }
  return { runner, open, peers, ready }
}

const turn = () => new Promise(setImmediate)
const started = (command: number) => frame(0x82, 0, command, record([1, u32(9)]))
const exited = (command: number, status: number, cause = 0, ...more: [number, Buffer][]) =>
  Buffer.concat([
    frame(0x85, 1, command),
    frame(0x85, 2, command),
    frame(0x88, 0, command, record([1, u32(status)], [2, u8(cause)], ...more)),
  ])

describe('one connection', () => {
  test('is opened at the first spawn, and serves all commands', async () => {
    const { runner, open, ready } = scripted()
    expect(open).not.toHaveBeenCalled()
    const commands = [runner.spawn(['a']), runner.spawn(['b'])]
    const peer = await ready()
    commands.push(runner.spawn(['c']))
    await turn()
    const spawned = peer.heard.filter(({ type }) => type === 0x02)
    expect(spawned.map(({ command, payload }) => [command, fields(payload).get(1)?.toString()])).toEqual([
      [1, 'a'],
      [2, 'b'],
      [3, 'c'],
    ])
    for (const number of [1, 2, 3]) peer.say(started(number), exited(number, number << 8))
    expect(await Promise.all(commands.map(async ({ exit }) => (await exit).code))).toEqual([1, 2, 3])
    expect(open).toHaveBeenCalledOnce()
  })

  test('that was lost before anything was asked of it loses nothing: another one serves', async () => {
    const { runner, peers, ready } = scripted()
    const command = runner.spawn(['a'])
    await expect.poll(() => peers.length).toBe(1)
    await turn()
    peers[0]!.say(hello())
    peers[0]!.hangUp() // in the same turn
    const peer = await ready(1)
    peer.say(started(1), exited(1, 3 << 8))
    expect(await command.exit).toMatchObject({ reason: 'exited', code: 3 })
  })

  test('that was lost ends its commands, and another serves the next', async () => {
    const { runner, open, peers, ready } = scripted()
    const [one, two] = [runner.spawn(['a']), runner.spawn(['b'])]
    const peer = await ready()
    peer.say(started(1), frame(0x84, 1, 1, Buffer.from('so far')))
    peer.hangUp()
    expect(await one.exit).toEqual({
      reason: 'engineLost',
      succeeded: false,
      evidence: 'none',
      explanation: 'cut',
    })
    expect(await one.text()).toBe('so far')
    expect((await two.exit).reason).toBe('engineLost')
    const three = runner.spawn(['c'])
    ;(await ready(1)).say(started(1), exited(1, 0))
    expect((await three.exit).succeeded).toBe(true)
    expect([open.mock.calls.length, peers[0]!.destroyed]).toEqual([2, true])
  })

  test('that cannot be opened is an error of its commands, and is tried again', async () => {
    const { runner, open, ready } = scripted()
    open.mockRejectedValueOnce(new ContainersError('CONTAINER_STATE', 'Container x is stopped.'))
    const command = runner.spawn(['a'])
    await expect(command.started).rejects.toMatchObject({
      name: 'SpawnError',
      code: 'CONTAINER_STATE',
      stage: 'connect',
    })
    expect(await command.exit).toMatchObject({
      reason: 'spawnFailed',
      explanation: 'Container x is stopped.',
    })
    await expect(command.kill()).resolves.toEqual({ killed: 0, survivors: [], verified: true })
    const next = runner.spawn(['b'])
    ;(await ready()).say(started(1), exited(1, 0))
    expect((await next.exit).succeeded).toBe(true)
  })

  test('that opens with an error of somebody else is an error of ours', async () => {
    const { runner, open } = scripted()
    open.mockRejectedValueOnce(new TypeError('a bug'))
    await expect(runner.run(['a'])).rejects.toMatchObject({ name: 'SpawnError', code: 'CONNECTION_LOST' })
  })
})

describe('a verdict', () => {
  test.each([
    ['by itself', 0x0300, 0, { reason: 'exited', code: 3, succeeded: false }],
    ['by a signal', 9, 0, { reason: 'signaled', signal: 'SIGKILL', succeeded: false }],
    ['dumping core', 0x80 | 11, 0, { reason: 'signaled', signal: 'SIGSEGV' }],
    ['by a real-time signal', 40, 0, { reason: 'signaled', signal: 'SIGRTMIN+6' }],
    ['killed', 15, 1, { reason: 'killed', signal: 'SIGTERM' }],
    ['killed, with a code of its own', 0, 1, { reason: 'killed', code: 0, succeeded: false }],
    ['aborted', 9, 2, { reason: 'aborted', signal: 'SIGKILL' }],
    ['out of time', 9, 3, { reason: 'timeout', signal: 'SIGKILL' }],
    ['silent for too long', 15, 6, { reason: 'idleTimeout', signal: 'SIGTERM' }],
    ['without its host', 9, 4, { reason: 'engineLost', signal: 'SIGKILL' }],
    ['with its supervisor', 9, 5, { reason: 'containerDied', signal: 'SIGKILL' }],
  ])('%s', async (_name, status, cause, expected) => {
    const { runner, ready } = scripted()
    const command = runner.spawn(['a'])
    ;(await ready()).say(started(1), exited(1, status, cause))
    const exit = await command.exit
    expect(exit).toMatchObject({ evidence: 'wait4', ...expected })
    expect('code' in exit && 'signal' in exit).toBe(false)
  })

  test('that nobody saw is unknown: no code, no signal, no figures', async () => {
    const { runner, ready } = scripted()
    const commands = [runner.spawn(['a']), runner.spawn(['b'])]
    const peer = await ready()
    const unseen = (number: number, ...more: [number, Buffer][]) =>
      Buffer.concat([
        ...[1, 2].map((channel) => frame(0x85, channel, number)),
        frame(0x88, 0, number, record([2, u8(0)], [11, u8(0)], ...more)),
      ])
    peer.say(started(1), unseen(1), started(2), unseen(2, [10, u32(77)]))
    const [lost, alive] = await Promise.all(commands.map(({ exit }) => exit))
    for (const exit of [lost, alive]) {
      expect(exit).toMatchObject({ reason: 'unknown', evidence: 'none', succeeded: false })
      for (const name of ['code', 'signal', 'cpuTimeMs', 'peakMemoryBytes'])
        expect(exit).not.toHaveProperty(name)
    }
    expect(lost!.explanation).toContain('nobody saw')
    expect(alive).toMatchObject({ explanation: 'It could not be killed.', descendants: { survivors: [77] } })
  })

  test('keeps what was asked for but came too late', async () => {
    const { runner, ready } = scripted()
    const command = runner.spawn(['a'])
    const peer = await ready()
    peer.say(started(1))
    const report = command.kill()
    await turn()
    expect(peer.heard.at(-1)).toMatchObject({ type: 0x06, command: 1 })
    peer.say(exited(1, 0, 0, [3, u8(1)], [11, u8(1)]))
    expect(await command.exit).toMatchObject({ reason: 'exited', code: 0, requested: 'killed' })
    expect(await report).toEqual({ killed: 0, survivors: [], verified: true })
  })
})

describe('a stream that ends before HELLO', () => {
  const endsAtOnce = async (more: Partial<OpenedPlace>) => {
    const { runner, open, peers } = scripted({}, more)
    const command = runner.spawn(['a'])
    const ending = setInterval(() => peers.splice(0).forEach((peer) => peer.hangUp()), 1)
    onTestFinished(() => clearInterval(ending))
    await expect(command.started).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
    return open
  }

  test('was cut, and is opened again', async () => {
    expect((await endsAtOnce({})).mock.calls.length).toBeGreaterThan(10)
  })

  test('is a refusal where it was said why, and is not opened again', async () => {
    expect(await endsAtOnce({ complaint: () => 'nobody is let in' })).toHaveBeenCalledTimes(1)
  })
})

describe('silence', () => {
  test('is asked about, then taken for the end', async () => {
    const { runner, ready } = scripted({ heartbeatMs: 20 })
    const command = runner.spawn(['a'])
    const peer = await ready()
    peer.say(started(1))
    expect((await command.exit).reason).toBe('engineLost')
    expect(peer.heard.some(({ type }) => type === 0x08)).toBe(true)
  })

  test('with an answer, of a paused place, or without commands is none', async () => {
    const answering = scripted({ heartbeatMs: 20 })
    const paused = scripted({ heartbeatMs: 20 }, { mayBeSilent: () => Promise.resolve(true) })
    const idle = scripted({ heartbeatMs: 20 })
    const commands = [answering, paused, idle].map(({ runner }) => runner.spawn(['a']))
    const peers = await Promise.all([answering, paused, idle].map(({ ready }) => ready()))
    peers[2]!.say(started(1), exited(1, 0))
    const pongs = setInterval(() => peers[0]!.say(frame(0x8a, 0, 0, Buffer.alloc(8))), 15)
    onTestFinished(() => clearInterval(pongs))
    await delay(150)
    expect(peers.map(({ destroyed }) => destroyed)).toEqual([false, false, false])
    peers[1]!.say(started(1), exited(1, 0))
    expect((await commands[1]!.exit).succeeded).toBe(true)
  })
})

describe('close', () => {
  test('kills what runs, waits for it, and hangs up', async () => {
    const { runner, ready } = scripted()
    const command = runner.spawn(['a'], { graceMs: 70 })
    const peer = await ready()
    peer.say(started(1))
    const closed = runner.close()
    await turn()
    expect(peer.heard.at(-1)?.payload.readUInt32LE(4)).toBe(70)
    expect(peer.ended).toBe(false)
    peer.say(exited(1, 15, 1, [11, u8(1)]))
    await closed
    expect([peer.ended, (await command.exit).reason]).toEqual([true, 'killed'])
    await runner.close()
    expect(() => runner.spawn(['a'])).toThrow(expect.objectContaining({ code: 'CLOSED' }))
  })

  test('calls off what waits for its connection', async () => {
    const { runner } = scripted()
    const command = runner.spawn(['a'])
    await runner.close()
    expect(await command.exit).toMatchObject({ reason: 'killed', evidence: 'none' })
    await expect(command.started).rejects.toMatchObject({ code: 'ABORTED' })
  })
})

test.each([
  { windowBytes: 1 },
  { orphanGraceMs: 600_001 },
  { heartbeatMs: 0 },
  { timeoutBoundsMs: { minimum: 5, maximum: 1 } },
])('refuses the option %o', (options) => {
  expect(() => scripted(options)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
})

describe('a shortcut', () => {
  const greeting = () =>
    frame(
      0x81,
      0,
      0,
      record(
        [1, u32(2)],
        [2, u32(1)],
        [3, 'test'],
        [4, u32(7)],
        [5, u32(0)],
        [6, u8(1)],
        [7, Buffer.alloc(8, 7)],
      ),
    )
  const resumed = (offset = 0) => frame(0x8c, 0, 0, u64(offset))
  const spawned = ({ heard }: Peer) =>
    heard.filter(({ type }) => type === 0x02).map(({ payload }) => fields(payload).get(1)?.toString())
  const hellos = ({ heard }: Peer) => heard.filter(({ type }) => type === 0x01)

  /** A runner that has begun a command over a shortcut, and whose next stream has been opened. */
  async function shortcut() {
    const script = scripted({}, {}, ([, mayShortcut]) => ({ isShortcut: mayShortcut === true }))
    const { runner, peers } = script
    const command = runner.spawn(['a'])
    await expect.poll(() => peers.length).toBe(1)
    await turn()
    const first = peers[0]!
    first.say(greeting(), resumed())
    await turn()
    expect(spawned(first)).toEqual(['a'])
    first.say(started(1))
    await expect.poll(() => peers.length).toBe(2)
    await turn()
    return { ...script, command, first, next: peers[1]! }
  }

  test('is left for the stream that is opened behind it, as soon as that is answered', async () => {
    const { runner, command, first, next, open } = await shortcut()
    const meanwhile = runner.spawn(['b'])
    await turn()
    expect([spawned(first), first.destroyed, next.heard]).toEqual([['a', 'b'], false, []])
    next.say(greeting())
    await expect.poll(() => hellos(next).length).toBe(1)
    expect(first.destroyed).toBe(true)
    const received = fields(hellos(next)[0]!.payload).get(6)![0]!
    expect(received).toEqual(u64(started(1).length))
    const sent = first.heard.filter(({ type }) => type !== 0x01)
    next.say(resumed(sent.reduce((sum, { payload }) => sum + 12 + payload.length, 0)))
    next.say(exited(1, 0), started(2), exited(2, 1 << 8))
    expect([(await command.exit).code, (await meanwhile.exit).code]).toEqual([0, 1])
    runner.spawn(['c'])
    await turn()
    expect(spawned(next)).toEqual(['c'])
    expect(open.mock.calls.map(([, mayShortcut]) => mayShortcut)).toEqual([true, false])
  })

  test('that is lost in the moment it is left is left once', async () => {
    const { command, first, next, open } = await shortcut()
    next.say(greeting())
    for (let ticks = 0; ticks < 20; ticks++) await Promise.resolve() // it is to be left, and not yet left
    first.hangUp(new Error('cut'))
    await expect.poll(() => hellos(next).length).toBe(1)
    next.say(resumed(0))
    await turn()
    expect(spawned(next)).toEqual(['a'])
    next.say(exited(1, 0))
    expect((await command.exit).code).toBe(0)
    expect(open).toHaveBeenCalledTimes(2)
  })

  test('is gone back to when the stream that was to take over is lost, and left again', async () => {
    const { runner, command, peers, next, open } = await shortcut()
    next.say(greeting())
    await expect.poll(() => hellos(next).length).toBe(1)
    next.hangUp()
    await expect.poll(() => peers.length).toBe(3)
    const back = peers[2]!
    await turn()
    back.say(greeting())
    await expect.poll(() => hellos(back).length).toBe(1)
    back.say(resumed(0))
    await turn()
    expect(spawned(back)).toEqual(['a'])
    const another = runner.spawn(['b'])
    await expect.poll(() => peers.length).toBe(4)
    back.say(started(2), exited(2, 5 << 8))
    expect((await another.exit).code).toBe(5)
    const last = peers[3]!
    last.say(greeting())
    await expect.poll(() => hellos(last).length).toBe(1)
    last.say(resumed(0))
    last.say(exited(1, 0))
    expect((await command.exit).code).toBe(0)
    expect(open.mock.calls.map(([, mayShortcut]) => mayShortcut)).toEqual([true, false, true, false])
  })

  test('on which nobody answers is not waited for', async () => {
    const script = scripted({}, {}, ([, mayShortcut]) => ({ isShortcut: mayShortcut === true }))
    const command = script.runner.spawn(['a'])
    await expect.poll(() => script.peers.length, { timeout: 5_000 }).toBe(2)
    expect(script.peers[0]!.destroyed).toBe(true)
    const peer = await script.ready(1)
    peer.say(started(1), exited(1, 0))
    expect((await command.exit).code).toBe(0)
  })

  test('is enough for a runner that is closed at once', async () => {
    const { runner, peers, open } = scripted({}, {}, ([, mayShortcut]) => ({
      isShortcut: mayShortcut === true,
    }))
    const command = runner.spawn(['a'])
    await expect.poll(() => peers.length).toBe(1)
    await turn()
    peers[0]!.say(greeting(), resumed())
    await turn()
    peers[0]!.say(started(1), exited(1, 0))
    await command.exit
    await runner.close()
    await delay(100) // longer than it would take to ask for another
    expect(open).toHaveBeenCalledOnce()
  })

  test('is not asked for by a runner that has no sessions', async () => {
    const { runner, open, ready } = scripted({ orphanGraceMs: 0 })
    runner.spawn(['a'])
    await ready()
    expect(open.mock.calls.map(([, mayShortcut]) => mayShortcut)).toEqual([false])
  })
})
