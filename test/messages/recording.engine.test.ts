import { expect, test } from 'vitest'
import { MemoryMessageStore } from '../../src/messages/memory-message-store.js'
import { uniqueWord } from '../../src/testing/case-tools.js'
import { usePlaces } from '../runners/places.js'

const places = usePlaces()

test('what is recorded by whoever attaches has the offsets of the command, from where it came in', async () => {
  const container = await places.ours()
  const [starter, other] = [places.runner(container), places.runner(container)]
  const id = uniqueWord()
  const script =
    'echo one; echo two; echo side >&2; until [ -e /tmp/go ]; do sleep 0.02; done; echo three; exit 3'
  const first = starter.spawn(['sh', '-c', script], { detached: true, id })
  await first.started
  const store = new MemoryMessageStore()
  const recording = (await other.attach(id, { fromStdoutByte: 4 })).recordTo(store)
  await other.run(['touch', '/tmp/go'])
  expect(await recording.finished).toEqual({ recordedBytes: 15, droppedBytes: 0 })
  let [stdout, stderr] = ['', '']
  let next = 4
  for await (const message of store.read(id)) {
    if (message.type === 'end') expect(message.exit).toMatchObject({ reason: 'exited', code: 3 })
    if (message.type !== 'output') continue
    const text = Buffer.from(message.bytes).toString()
    if (message.stream === 'stderr') stderr += text
    else {
      expect(message.offset).toBe(next)
      next += message.bytes.length
      stdout += text
    }
  }
  expect([stdout, stderr]).toEqual(['two\nthree\n', 'side\n'])
})
