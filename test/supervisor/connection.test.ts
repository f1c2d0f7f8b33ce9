import { describe, expect, test, vi } from 'vitest'
import type { ContainersError } from '../../src/errors/containers-error.js'
import { SupervisorConnection } from '../../src/supervisor/connection.js'
import type { SpawnRequest } from '../../src/supervisor/messages.js'
import type { RemoteCommandEvents } from '../../src/supervisor/remote-command.js'
import { fields, frame, hello, Peer, record, u32, u64, u8 } from './peer.js'

const request: SpawnRequest = {
  id: 'test',
  argv: ['echo', ''],
  env: ['A=1'],
  cwd: '/tmp',
  user: undefined,
  uniqueUser: false,
  path: '/bin',
  stdin: true,
  keepDescendants: false,
  fillDefaults: true,
  detached: false,
  spool: undefined,
  timeoutMs: undefined,
  idleTimeoutMs: undefined,
  graceMs: 100,
  windowBytes: 1000,
  thirdOutput: false,
  builtin: false,
  secrets: undefined,
}

function listener() {
  return {
    started: vi.fn(), failed: vi.fn(), data: vi.fn(), ended: vi.fn(), stdinOpen: vi.fn(), stdinClosed: vi.fn(),
    killed: vi.fn(), exit: vi.fn(), lost: vi.fn(),
  } satisfies RemoteCommandEvents // prettier-ignore
}

function connect(...first: Uint8Array[]) {
  const peer = new Peer()
  const events = { ready: vi.fn(), interrupted: vi.fn(), lost: vi.fn<(error: ContainersError) => void>() }
  const connection = new SupervisorConnection(peer, events)
  peer.say(...(first.length > 0 ? first : [hello()]))
  return { peer, events, connection, lostBy: () => events.lost.mock.calls[0]?.[0] }
}

const turn = () => new Promise(setImmediate)

describe('HELLO', () => {
  test('is answered, whatever was said in front of it', async () => {
    const { peer, events } = connect(Buffer.from('Welcome to Debian\n\x81'), hello())
    await turn()
    expect(events.ready).toHaveBeenCalledWith(
      expect.objectContaining({ protocol: 2, supervisorVersion: 'test' }),
    )
    expect(peer.heard.map(({ type }) => type)).toEqual([0x01])
    expect(fields(peer.heard[0]!.payload).get(1)).toEqual([u32(2)])
  })

  test('is found at every cut', () => {
    const bytes = Buffer.concat([Buffer.from('noise'), hello()])
    for (let cut = 0; cut <= bytes.length; cut++) {
      const { peer, events } = connect(bytes.subarray(0, cut))
      peer.say(bytes.subarray(cut))
      expect(events.ready, `cut at ${cut}`).toHaveBeenCalledOnce()
    }
  })

  test('of versions that we do not speak is refused by name', () => {
    const { lostBy, peer } = connect(hello(9, 8))
    expect(lostBy()).toMatchObject({ code: 'SUPERVISOR_PROTOCOL', details: { lowest: 8, highest: 9 } })
    expect(peer.destroyed).toBe(true)
  })

  test.each([
    ['a newer supervisor that still speaks ours', 9, 2],
    ['the version before ours', 1, 1],
  ])('of %s is taken', (_name, highest, protocol) => {
    expect(connect(hello(highest, 1)).events.ready).toHaveBeenCalledWith(
      expect.objectContaining({ protocol }),
    )
  })

  test('that never comes gives what was said instead', () => {
    const { peer, lostBy } = connect(Buffer.from('OCI runtime exec failed: no such file'))
    peer.hangUp()
    expect(lostBy()).toMatchObject({
      code: 'CONNECTION_LOST',
      details: { said: 'OCI runtime exec failed: no such file' },
    })
  })

  test('is not waited for in endless noise', () => {
    expect(connect(Buffer.alloc(20_000, 'x')).lostBy()).toMatchObject({ code: 'SUPERVISOR_PROTOCOL' })
  })
})

describe('a command', () => {
  test('leaves in one write with its stdin and its end', async () => {
    const { peer, connection } = connect()
    await turn()
    const before = peer.writes.length
    const command = connection.spawn(request, listener())
    command.sendStdin(Buffer.from('input'))
    command.endStdin()
    await turn()
    expect(peer.writes.length).toBe(before + 1)
    const [spawn, data, end] = peer.heard.slice(1)
    expect([spawn?.type, data?.type, end?.type]).toEqual([0x02, 0x03, 0x04])
    const sent = fields(spawn!.payload)
    expect(sent.get(1)).toEqual([Buffer.from('echo'), Buffer.alloc(0)])
    expect(sent.get(2)).toEqual([Buffer.from('A=1')])
    expect(sent.get(5)).toEqual([u32(1 | 4)])
    expect(sent.has(6)).toBe(false)
    expect(data?.payload.toString()).toBe('input')
  })

  test('never gets more stdin than its window', async () => {
    const { peer, connection } = connect()
    const events = listener()
    const command = connection.spawn(request, events)
    const input = Buffer.alloc(100_000, 1)
    expect(command.sendStdin(input)).toBe(65_536)
    expect(command.sendStdin(input)).toBe(0)
    peer.say(frame(0x86, 0, 1, u64(65_536, 65_636)))
    expect(events.stdinOpen).toHaveBeenCalledOnce()
    expect(command.sendStdin(input)).toBe(100)
    await turn()
    const sent = peer.heard
      .filter(({ type }) => type === 0x03)
      .reduce((sum, { payload }) => sum + payload.length, 0)
    expect(sent).toBe(65_636)
  })

  test('is granted more output when half of the window was read', async () => {
    const { peer, connection } = connect()
    const command = connection.spawn(request, listener())
    peer.say(frame(0x84, 1, 1, Buffer.alloc(1000)))
    command.consumed(1, 499)
    await turn()
    expect(peer.heard.some(({ type }) => type === 0x05)).toBe(false)
    command.consumed(1, 1)
    await turn()
    const grant = peer.heard.find(({ type }) => type === 0x05)
    expect(grant).toMatchObject({ channel: 1, command: 1, payload: u64(1000, 1500) })
  })

  test('with a third output has it on channel 3, in a window of its own', async () => {
    const { peer, connection } = connect()
    const events = listener()
    const command = connection.spawn({ ...request, thirdOutput: true }, events)
    peer.say(frame(0x84, 1, 1, Buffer.alloc(1000)), frame(0x84, 3, 1, Buffer.alloc(1000)), frame(0x85, 3, 1))
    expect(events.data.mock.calls.map(([channel]) => channel as number)).toEqual([1, 3])
    expect(events.ended).toHaveBeenCalledExactlyOnceWith(3)
    command.consumed(1, 1000)
    await turn()
    const spawn = peer.heard.find(({ type }) => type === 0x02)
    expect(fields(spawn!.payload).get(5)).toEqual([u32(1 | 4 | 32)])
    expect(peer.heard.filter(({ type }) => type === 0x05).map(({ channel }) => channel)).toEqual([1])
  })

  test('is told its exit as the kernel had it', () => {
    const { peer, connection } = connect()
    const events = listener()
    connection.spawn(request, events)
    peer.say(
      frame(0x82, 0, 1, record([1, u32(5)], [2, u64(1)])),
      frame(0x85, 1, 1),
      frame(0x85, 2, 1),
      frame(
        0x88,
        0,
        1,
        record(
          [1, u32(0x0700)],
          [2, u8(0)],
          [6, u64(1500)],
          [9, u32(2)],
          [10, u32(41)],
          [10, u32(42)],
          [11, u8(0)],
        ),
      ),
    )
    expect(events.exit).toHaveBeenCalledWith(
      expect.objectContaining({
        status: 0x0700,
        cause: 0,
        userMs: 1.5,
        descendants: { killed: 2, survivors: [41, 42], verified: false },
      }),
    )
    expect(peer.held).toBe(false)
  })

  test('runs on a supervisor of the version before ours, unless it needs what came later', async () => {
    const { peer, connection, lostBy } = connect(hello(1, 1))
    const events = listener()
    connection.spawn(request, events)
    expect(() => connection.spawn({ ...request, detached: true }, listener())).toThrow(
      expect.objectContaining({
        code: 'NOT_SUPPORTED',
        message: expect.stringMatching(/detached.*restart the container/),
        details: { ability: 'detached commands', needs: 2, version: 1 },
      }),
    )
    await turn()
    expect(peer.heard.map(({ type }) => type)).toEqual([0x01, 0x02])
    peer.say(frame(0x82, 0, 1), frame(0x88, 0, 1, record([1, u32(0)])))
    expect(events.exit).toHaveBeenCalledOnce()
    expect(lostBy()).toBeUndefined()
  })

  test('that a supervisor can do is sent', async () => {
    const { peer, connection } = connect(hello(2, 1))
    connection.spawn({ ...request, detached: true }, listener())
    await turn()
    expect(fields(peer.heard[1]!.payload).get(5)).toEqual([u32(1 | 4 | 16)])
  })

  test('on a connection that is over is lost at once', async () => {
    const { peer, connection } = connect()
    peer.hangUp()
    const events = listener()
    connection.spawn(request, events)
    await turn()
    expect(events.lost).toHaveBeenCalledOnce()
  })
})

describe('a broken peer', () => {
  const cases: [string, Buffer][] = [
    ['output beyond the window', frame(0x84, 1, 1, Buffer.alloc(1001))],
    ['output after its end', Buffer.concat([frame(0x85, 1, 1), frame(0x84, 1, 1, Buffer.from('x'))])],
    ['output on channel 3', frame(0x84, 3, 1, Buffer.from('x'))],
    ['a frame of the unknown type 0xf0', frame(0xf0, 0, 1)],
    ['for no command', frame(0x88, 0, 0)],
    ['command 9, which does not run', frame(0x84, 1, 9, Buffer.from('x'))],
    ['leaves its record', frame(0x88, 0, 1, Buffer.from([1, 0, 255, 0, 0, 0]))],
    ['a second HELLO', hello()],
    ['it ended the connection: no', frame(0x8b, 0, 0, record([1, u32(3)], [2, 'no']))],
  ]
  test.each(cases)('%s', async (message, bytes) => {
    const { peer, connection, lostBy } = connect()
    const events = listener()
    connection.spawn(request, events)
    peer.say(bytes)
    expect(lostBy()).toMatchObject({ code: 'SUPERVISOR_PROTOCOL', message: expect.stringContaining(message) })
    expect(events.lost).toHaveBeenCalledWith(lostBy())
    expect(peer.destroyed).toBe(true)
  })

  test('random bytes never throw into the transport, and end the connection at most once', () => {
    for (let seed = 1; seed < 300; seed++) {
      let state = seed
      const noise = Buffer.from(
        Array.from({ length: 200 }, () => (state = (state * 48271) % 2147483647) & 255),
      )
      const { peer, connection, events } = connect()
      connection.spawn(request, listener())
      peer.say(noise)
      peer.hangUp()
      expect(events.lost, `seed ${seed}`).toHaveBeenCalledOnce()
    }
  })
})
