import assert from 'node:assert/strict'
import type {
  Message,
  MessageGap,
  MessageStore,
  OutputMessage,
  StoredMessage,
} from '../ports/message-store.js'

/** One thing that every message store does alike. Rejects when it does not. */
export interface MessageStoreCase {
  readonly name: string
  /** Given a store that may hold other commands' messages; the case makes ids of its own. */
  run(store: MessageStore): Promise<void>
}

type Given = StoredMessage | MessageGap

let counter = 0

function commandId(): string {
  return `case-${process.pid}-${Date.now().toString(36)}-${counter++}`
}

function output(commandId: string, offset: number, text: string, stream: OutputMessage['stream'] = 'stdout') {
  return { type: 'output', commandId, stream, offset, bytes: Buffer.from(text) } as const
}

function end(commandId: string): Message {
  return { type: 'end', commandId, exit: { reason: 'exited', code: 0 } }
}

/** A message in short: `1 stdout 0 text`. */
function short(message: Given): string {
  if (message.type === 'gap') return `gap ${message.from}-${message.to}`
  if (message.type === 'end') return `${message.sequence} end`
  const { sequence, stream, offset, bytes } = message
  return `${sequence} ${stream} ${offset} ${Buffer.from(bytes).toString()}`
}

async function all(messages: AsyncIterable<Given>): Promise<string[]> {
  const given: string[] = []
  for await (const message of messages) given.push(short(message))
  return given
}

/**
 * What a {@link MessageStore} owes, for any test framework.
 *
 * @example
 * ```ts
 * for (const { name, run } of messageStoreCases) test(name, () => run(new MyStore()))
 * ```
 */
export const messageStoreCases: readonly MessageStoreCase[] = [
  {
    name: 'gives messages in the order in which they came, numbered from 1',
    async run(store) {
      const id = commandId()
      await store.append(output(id, 0, 'a'))
      await store.append(output(id, 0, 'b', 'stderr'))
      await store.append(output(id, 1, 'c'))
      await store.append(end(id))
      assert.deepEqual(await all(store.read(id)), ['1 stdout 0 a', '2 stderr 0 b', '3 stdout 1 c', '4 end'])
    },
  },
  {
    name: 'reads from a number on, and nothing from beyond the last',
    async run(store) {
      const id = commandId()
      for (let at = 0; at < 3; at++) await store.append(output(id, at, `${at}`))
      assert.deepEqual(await all(store.read(id, { from: 3 })), ['3 stdout 2 2'])
      assert.deepEqual(await all(store.read(id, { from: 4 })), [])
      assert.deepEqual(await all(store.read(commandId())), [])
    },
  },
  {
    name: 'keeps commands apart',
    async run(store) {
      const [one, other] = [commandId(), commandId()]
      await store.append(output(one, 0, 'one'))
      await store.append(output(other, 0, 'other'))
      assert.deepEqual(await all(store.read(one)), ['1 stdout 0 one'])
      assert.deepEqual(await all(store.read(other)), ['1 stdout 0 other'])
    },
  },
  {
    name: 'keeps every byte and the exit as they were',
    async run(store) {
      const id = commandId()
      const bytes = Uint8Array.from({ length: 256 }, (_, at) => at)
      await store.append({ ...output(id, 0, ''), bytes })
      await store.append({ type: 'end', commandId: id, exit: { reason: 'signaled', signal: 'SIGKILL' } })
      const given: Given[] = []
      for await (const message of store.read(id)) given.push(message)
      const [first, last] = given
      assert.ok(first?.type === 'output' && last?.type === 'end')
      assert.deepEqual(Buffer.from(first.bytes), Buffer.from(bytes))
      assert.deepEqual(last.exit, { reason: 'signaled', signal: 'SIGKILL' })
    },
  },
  {
    name: 'does not mind what becomes of the bytes after the append',
    async run(store) {
      const id = commandId()
      const message = output(id, 0, 'mine')
      await store.append(message)
      message.bytes.fill(0)
      assert.deepEqual(await all(store.read(id)), ['1 stdout 0 mine'])
    },
  },
  {
    name: 'takes a message that comes again once',
    async run(store) {
      const id = commandId()
      const messages = [output(id, 0, 'ab'), output(id, 0, 'x', 'stderr'), output(id, 2, 'c'), end(id)]
      for (const message of messages) {
        await store.append(message)
        await store.append(message)
      }
      for (const message of messages) await store.append(message)
      const expected = ['1 stdout 0 ab', '2 stderr 0 x', '3 stdout 2 c', '4 end']
      assert.deepEqual(await all(store.read(id)), expected)
    },
  },
  {
    name: 'takes a message that comes twice at once one time',
    async run(store) {
      const id = commandId()
      await Promise.all([store.append(output(id, 0, 'a')), store.append(output(id, 0, 'a'))])
      assert.deepEqual(await all(store.read(id)), ['1 stdout 0 a'])
    },
  },
  {
    name: 'takes a stream that begins late or jumps',
    async run(store) {
      const id = commandId()
      await store.append(output(id, 100, 'a'))
      await store.append(output(id, 500, 'b'))
      assert.deepEqual(await all(store.read(id)), ['1 stdout 100 a', '2 stdout 500 b'])
    },
  },
  {
    name: 'follows from the first message to the end',
    async run(store) {
      const id = commandId()
      const following = all(store.follow(id))
      for (let at = 0; at < 3; at++) await store.append(output(id, at, `${at}`))
      await store.append(end(id))
      assert.deepEqual(await following, ['1 stdout 0 0', '2 stdout 1 1', '3 stdout 2 2', '4 end'])
    },
  },
  {
    name: 'follows a command that is over from any number on',
    async run(store) {
      const id = commandId()
      await store.append(output(id, 0, 'a'))
      await store.append(end(id))
      assert.deepEqual(await all(store.follow(id, { from: 2 })), ['2 end'])
      assert.deepEqual(await all(store.follow(id, { from: 3 })), [])
    },
  },
  {
    name: 'replays and goes over to what is live without a gap or a repeat, for many at once',
    async run(store) {
      const id = commandId()
      const count = 200
      const expected: string[] = []
      const followers: Promise<string[]>[] = []
      for (let at = 0; at < count; at++) {
        expected.push(`${at + 1} stdout ${at} x`)
        if (at % 20 === 0) followers.push(all(store.follow(id)))
        // Some come while others are being given, some after a pause.
        const appended = store.append(output(id, at, 'x'))
        if (at % 7 === 0) await new Promise((resolve) => setImmediate(resolve))
        await appended
      }
      await store.append(end(id))
      expected.push(`${count + 1} end`)
      for (const given of await Promise.all(followers)) assert.deepEqual(given, expected)
    },
  },
  {
    name: 'stops following when it is aborted',
    async run(store) {
      const id = commandId()
      await store.append(output(id, 0, 'a'))
      const abort = new AbortController()
      const following = store.follow(id, { signal: abort.signal })[Symbol.asyncIterator]()
      assert.equal(short((await following.next()).value as Given), '1 stdout 0 a')
      const next = following.next()
      abort.abort()
      await assert.rejects(next, { code: 'ABORTED' })
    },
  },
  {
    name: 'lets a follower leave, and another come',
    async run(store) {
      const id = commandId()
      await store.append(output(id, 0, 'a'))
      for await (const message of store.follow(id)) {
        assert.equal(short(message), '1 stdout 0 a')
        break
      }
      await store.append(end(id))
      assert.deepEqual(await all(store.follow(id)), ['1 stdout 0 a', '2 end'])
    },
  },
  {
    name: 'refuses a number below 1',
    async run(store) {
      await assert.rejects(all(store.read(commandId(), { from: 0 })), { code: 'INVALID_OPTION' })
      await assert.rejects(all(store.follow(commandId(), { from: 1.5 })), { code: 'INVALID_OPTION' })
    },
  },
]
