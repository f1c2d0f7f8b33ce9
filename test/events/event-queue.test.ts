import { expect, test } from 'vitest'
import type { EngineOccurrence, HarnessEvent } from '../../src/events/engine-occurrence.js'
import { EventQueue } from '../../src/events/event-queue.js'

const event = (n: number): EngineOccurrence => ({
  kind: 'event',
  type: 'container',
  action: `a${n}`,
  id: 'x',
  attributes: {},
  at: new Date(n),
  source: 'engine',
})

async function drain(queue: EventQueue): Promise<HarnessEvent[]> {
  queue.end()
  const all: HarnessEvent[] = []
  for await (const each of queue) all.push(each)
  return all
}

test('keeps order, before and after somebody reads', async () => {
  const queue = new EventQueue(10, () => {})
  queue.push(event(1))
  expect((await queue.next()).value).toEqual(event(1))
  const waiting = [queue.next(), queue.next()]
  queue.push(event(2))
  queue.push(event(3))
  expect((await Promise.all(waiting)).map(({ value }) => value)).toEqual([event(2), event(3)])
})

test('a reader that does not come costs a fixed amount, and is told what it missed and where', async () => {
  const queue = new EventQueue(3, () => {})
  for (let n = 1; n <= 100_000; n++) queue.push(event(n))
  expect(queue.size).toBe(4)
  expect((await queue.next()).value).toEqual(event(1))
  expect((await queue.next()).value).toEqual(event(2))
  queue.push(event(100_001))
  expect(await drain(queue)).toEqual([
    event(3),
    { kind: 'gap', cause: 'overflow', from: new Date(4), to: new Date(100_000), dropped: 99_997 },
    event(100_001),
  ])
})

test('a gap that overflows widens the gap', async () => {
  const queue = new EventQueue(1, () => {})
  queue.push(event(1))
  queue.push({ kind: 'gap', cause: 'disconnected', from: new Date(2), to: new Date(5) })
  queue.push(event(6))
  expect(await drain(queue)).toEqual([
    event(1),
    { kind: 'gap', cause: 'overflow', from: new Date(2), to: new Date(6), dropped: 1 },
  ])
})

test('what is not wanted takes no place, and is missed by nobody', async () => {
  const isWanted = (each: HarnessEvent) => each.kind === 'gap' || Number(each.action.slice(1)) % 10 === 0
  const queue = new EventQueue(3, () => {}, isWanted)
  for (let n = 1; n < 50; n++) queue.push(event(n))
  const gap = { kind: 'gap', cause: 'overflow', from: new Date(40), to: new Date(40), dropped: 1 }
  expect(await drain(queue)).toEqual([event(10), event(20), event(30), gap])
})

test('an error comes after what was queued, once', async () => {
  const queue = new EventQueue(3, () => {})
  queue.push(event(1))
  queue.end(new Error('lost'))
  expect((await queue.next()).value).toEqual(event(1))
  await expect(queue.next()).rejects.toThrow('lost')
  expect(await queue.next()).toEqual({ done: true, value: undefined })
})

test('leaving a loop ends it and drops what is queued', async () => {
  let ended = 0
  const queue = new EventQueue(3, () => ended++)
  queue.push(event(1))
  queue.push(event(2))
  for await (const each of queue) {
    expect(each).toEqual(event(1))
    break
  }
  queue.push(event(3))
  expect(queue.size).toBe(0)
  expect(ended).toBe(1)
  expect((await queue.next()).done).toBe(true)
})

test('agrees with a plain array, whatever the order of reading and writing', async () => {
  const seed = 7
  let state = seed
  const random = (): number => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31
  const queue = new EventQueue(1_000_000, () => {})
  const seen: number[] = []
  let written = 0
  for (let step = 0; step < 20_000; step++) {
    if (random() < 0.6) queue.push(event(++written))
    else if (queue.size > 0) seen.push(Number((await queue.next()).value?.action?.slice(1)))
  }
  const rest = (await drain(queue)).map((each) =>
    each.kind === 'event' ? Number(each.action.slice(1)) : NaN,
  )
  expect([...seen, ...rest]).toEqual(Array.from({ length: written }, (_, index) => index + 1))
})
