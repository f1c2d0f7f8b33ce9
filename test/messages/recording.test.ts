import { expect, onTestFinished, test } from 'vitest'
import { createDeferred } from '../../src/internal/deferred.js'
import { MemoryMessageStore } from '../../src/messages/memory-message-store.js'
import type { Message, MessageStore, StoredMessage } from '../../src/ports/message-store.js'
import { HostRunner } from '../../src/runners/host/host-runner.js'

function hostRunner(): HostRunner {
  const runner = new HostRunner({ cwd: '/' })
  onTestFinished(() => runner.close())
  return runner
}

/** What was stored of a stream, checked for offsets that follow each other. */
async function stored(store: MessageStore, id: string, stream = 'stdout'): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let offset = 0
  for await (const message of store.read(id)) {
    if (message.type !== 'output' || message.stream !== stream) continue
    expect(message.offset).toBe(offset)
    offset += message.bytes.length
    parts.push(message.bytes)
  }
  return Buffer.concat(parts)
}

/** A store that does as it is told before it stores. */
function hindered(before: (message: Message) => unknown): MessageStore {
  const inner = new MemoryMessageStore()
  return {
    async append(message) {
      await before(message)
      await inner.append(message)
    },
    read: (...args) => inner.read(...args),
    follow: (...args) => inner.follow(...args),
  }
}

test('records both streams and the end, beside a reader', async () => {
  const store = new MemoryMessageStore()
  const command = hostRunner().spawn(['sh', '-c', 'echo out; echo err >&2; exit 3'])
  const recording = command.recordTo(store)
  expect([await command.text(), await command.text('stderr')]).toEqual(['out\n', 'err\n'])
  expect(await recording.finished).toEqual({ recordedBytes: 8, droppedBytes: 0 })
  expect((await stored(store, command.id)).toString()).toBe('out\n')
  expect((await stored(store, command.id, 'stderr')).toString()).toBe('err\n')
  const messages: StoredMessage[] = []
  for await (const message of store.follow(command.id)) if (message.type !== 'gap') messages.push(message)
  expect(messages.at(-1)).toMatchObject({ type: 'end', exit: { reason: 'exited', code: 3 } })
})

test('records all of what nobody reads', async () => {
  const store = new MemoryMessageStore()
  const size = 5_000_000
  const command = hostRunner().spawn(['sh', '-c', `head -c ${size} /dev/zero | tr '\\0' x`])
  expect(await command.recordTo(store).finished).toEqual({ recordedBytes: size, droppedBytes: 0 })
  const bytes = await stored(store, command.id)
  expect(bytes.equals(Buffer.alloc(size, 'x'))).toBe(true)
})

test('a store that fails costs the reader nothing', async () => {
  let calls = 0
  const store = hindered(() => {
    calls++
    throw new Error('disk full')
  })
  const command = hostRunner().spawn(['sh', '-c', 'echo one; sleep 0.5; echo two'])
  const { finished } = command.recordTo(store, { attempts: 2 })
  await expect(finished).rejects.toMatchObject({ code: 'RECORDING_FAILED', cause: new Error('disk full') })
  expect(await command.text()).toBe('one\ntwo\n')
  expect((await command.exit).succeeded).toBe(true)
  expect(calls).toBe(2)
})

test('a failed recording that nobody looks at harms nothing', async () => {
  const command = hostRunner().spawn(['echo', 'x'])
  command.recordTo(
    hindered(() => Promise.reject(new Error('no'))),
    { attempts: 1 },
  )
  expect(await command.text()).toBe('x\n')
})

test('an append that fails is made again', async () => {
  let calls = 0
  const store = hindered(() => {
    if (++calls % 2 === 1) throw new Error('once')
  })
  const command = hostRunner().spawn(['echo', 'x'])
  await command.recordTo(store).finished
  expect((await stored(store, command.id)).toString()).toBe('x\n')
  expect(calls).toBe(4)
})

test('what a slow store cannot take is left out and told, and small writes become few messages', async () => {
  const gate = createDeferred<void>()
  const sizes: number[] = []
  const store = hindered((message) => {
    if (message.type === 'output') sizes.push(message.bytes.length)
    return gate.promise
  })
  const command = hostRunner().spawn(['sh', '-c', 'head -c 1000000 /dev/zero'])
  const { finished } = command.recordTo(store, { maxWaitingBytes: 300_000 })
  expect((await command.exit).succeeded).toBe(true)
  gate.resolve()
  const { recordedBytes, droppedBytes } = await finished
  expect(recordedBytes + droppedBytes).toBe(1_000_000)
  expect(droppedBytes).toBeGreaterThan(500_000)
  expect(sizes.length).toBeLessThan(10)
  expect((await command.text()).length).toBe(1_000_000)
})

test('stops when it is told to', async () => {
  const store = new MemoryMessageStore()
  const command = hostRunner().spawn(['cat'], { stdin: 'pipe' })
  const recording = command.recordTo(store)
  command.stdin.write('recorded')
  for await (const message of store.follow(command.id)) {
    expect(message.type).toBe('output')
    break
  }
  recording.stop()
  command.stdin.end(' not recorded')
  expect(await command.text()).toBe('recorded not recorded')
  expect(await recording.finished).toEqual({ recordedBytes: 8, droppedBytes: 0 })
  expect((await stored(store, command.id)).toString()).toBe('recorded')
})
