import { expect, expectTypeOf, test } from 'vitest'
import { SafeEmitter } from '../../src/events/safe-emitter.js'

type Payloads = { opened: { path: string }; closed: { code: number } }

test('a listener that throws, at once or later, hurts nobody', async () => {
  const failed: unknown[] = []
  const emitter = new SafeEmitter<Payloads>((error, event) => failed.push([event, (error as Error).message]))
  const heard: string[] = []
  emitter.on('opened', () => {
    throw new Error('now')
  })
  const later = (): unknown => Promise.reject(new Error('later'))
  emitter.on('opened', later as () => void)
  emitter.on('opened', ({ path }) => heard.push(path))
  emitter.emit('opened', { path: '/x' })
  await new Promise(setImmediate)
  expect(heard).toEqual(['/x'])
  expect(failed).toEqual([
    ['opened', 'now'],
    ['opened', 'later'],
  ])
})

test('what `on` returns ends it, for that listener alone', () => {
  const emitter = new SafeEmitter<Payloads>()
  const heard: string[] = []
  const off = emitter.on('closed', ({ code }) => heard.push(`one ${code}`))
  emitter.on('closed', ({ code }) => heard.push(`two ${code}`))
  emitter.emit('closed', { code: 1 })
  off()
  off()
  emitter.emit('closed', { code: 2 })
  expect(heard).toEqual(['one 1', 'two 1', 'two 2'])
  expect(emitter.listenerCount('closed')).toBe(1)
})

test('payloads are typed by the map', () => {
  const emitter = new SafeEmitter<Payloads>()
  emitter.on('closed', (payload) => expectTypeOf(payload).toEqualTypeOf<{ code: number }>())
  // @ts-expect-error no such event
  emitter.on('moved', () => {})
  // @ts-expect-error the payload of another event
  emitter.emit('closed', { path: '/x' })
})
