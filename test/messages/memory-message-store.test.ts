import { describe, expect, test } from 'vitest'
import { MemoryMessageStore } from '../../src/messages/memory-message-store.js'
import { messageStoreCases } from '../../src/messages/message-store-cases.js'
import type { Message, MessageGap, StoredMessage } from '../../src/ports/message-store.js'

describe('a store in memory', () => {
  test.each(messageStoreCases)('$name', ({ run }) => run(new MemoryMessageStore()))
})

const overhead = 256

function output(commandId: string, offset: number, size = 1000): Message {
  return { type: 'output', commandId, stream: 'stdout', offset, bytes: Buffer.alloc(size) }
}

async function all(messages: AsyncIterable<StoredMessage | MessageGap>): Promise<unknown[]> {
  const given: unknown[] = []
  for await (const one of messages) given.push(one.type === 'gap' ? `${one.from}-${one.to}` : one.sequence)
  return given
}

const end = (commandId: string): Message => ({ type: 'end', commandId, exit: {} })

describe('its bounds', () => {
  test('drop the oldest messages of a command, and say so', async () => {
    const store = new MemoryMessageStore({ maxCommandBytes: 3 * (1000 + overhead) })
    for (let at = 0; at < 10; at++) await store.append(output('a', at * 1000))
    await store.append(output('b', 0))
    expect(await all(store.read('a'))).toEqual(['1-7', 8, 9, 10])
    expect(await all(store.read('a', { from: 5 }))).toEqual(['5-7', 8, 9, 10])
    expect(await all(store.read('a', { from: 9 }))).toEqual([9, 10])
    expect(await all(store.read('b'))).toEqual([1])
  })

  test('drop the oldest of all commands', async () => {
    const store = new MemoryMessageStore({ maxBytes: 3 * (1000 + overhead) })
    await store.append(output('a', 0))
    await store.append(output('b', 0))
    await store.append(output('a', 1000))
    await store.append(output('c', 0))
    await store.append(output('c', 1000))
    expect(await all(store.read('a'))).toEqual(['1-1', 2])
    expect(await all(store.read('b'))).toEqual(['1-1'])
    expect(await all(store.read('c'))).toEqual([1, 2])
  })

  test('hold for a message that is larger than all of them', async () => {
    const store = new MemoryMessageStore({ maxBytes: 100 })
    await store.append(output('a', 0))
    await store.append(end('a'))
    expect(await all(store.follow('a'))).toEqual(['1-2'])
  })

  test('do not bring back what was dropped', async () => {
    const store = new MemoryMessageStore({ maxCommandBytes: 1000 + overhead })
    await store.append(output('a', 0))
    await store.append(output('a', 1000))
    await store.append(output('a', 0))
    expect(await all(store.read('a'))).toEqual(['1-1', 2])
  })

  test('tell a slow follower of the gap, once', async () => {
    const store = new MemoryMessageStore({ maxCommandBytes: 2 * (1000 + overhead) })
    const following = store.follow('a')
    const first = following.next()
    await store.append(output('a', 0))
    expect(await first).toMatchObject({ value: { sequence: 1 } })
    for (let at = 1; at < 6; at++) await store.append(output('a', at * 1000))
    await store.append(end('a'))
    expect(await all(following)).toEqual(['2-5', 6, 7])
  })

  test('forget the commands that are over first, and end their followers', async () => {
    const store = new MemoryMessageStore({ maxCommands: 2 })
    await store.append(output('running', 0))
    await store.append(output('over', 0))
    await store.append(end('over'))
    await store.append(output('new', 0))
    expect(await all(store.read('over'))).toEqual([])
    expect(await all(store.read('running'))).toEqual([1])
    const following = all(store.follow('running', { from: 2 }))
    await store.append(output('newer', 0))
    expect(await following).toEqual([])
  })

  test('hold with many small messages', async () => {
    const store = new MemoryMessageStore({ maxBytes: 1_000_000, maxCommandBytes: 900_000 })
    const before = performance.now()
    for (let at = 0; at < 50_000; at++) await store.append(output(`c${at % 100}`, at, 1))
    expect(performance.now() - before).toBeLessThan(10_000)
    let kept = 0
    for (let at = 0; at < 100; at++) kept += (await all(store.read(`c${at}`))).length - 1
    expect(kept).toBe(Math.floor(1_000_000 / (overhead + 1)))
  })
})

test.each(['maxBytes', 'maxCommandBytes', 'maxCommands'])('refuses %s: 0', (option) => {
  expect(() => new MemoryMessageStore({ [option]: 0 })).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION' }),
  )
})
