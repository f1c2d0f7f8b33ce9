import { getEventListeners, once } from 'node:events'
import { expect, test, vi } from 'vitest'
import { onAbort } from '../../src/internal/on-abort.js'

test('a hundred wait for one signal without a warning, and those that are still waiting are called once', async () => {
  const warned = vi.fn()
  process.on('warning', warned)
  const { signal, abort } = controlled()
  const callbacks = Array.from({ length: 100 }, () => vi.fn())
  const undo = callbacks.map((callback) => onAbort(signal, callback))
  undo[0]?.()
  undo[0]?.()
  abort()
  abort()
  expect(callbacks.map(({ mock }) => mock.calls.length)).toEqual([0, ...Array.from({ length: 99 }, () => 1)])
  process.emitWarning('the last')
  expect(String(await once(process, 'warning'))).toContain('the last')
  expect(warned).toHaveBeenCalledTimes(1)
  process.off('warning', warned)
})

test('nothing stays on a signal that nobody waits for, and it can be waited for again', () => {
  const { signal, abort } = controlled()
  const undo = [onAbort(signal, () => {}), onAbort(signal, () => {})]
  for (const step of undo) step()
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  const callback = vi.fn()
  onAbort(signal, callback)
  abort()
  expect(callback).toHaveBeenCalledTimes(1)
})

test('an aborted signal calls back at once; no signal never does', () => {
  const callback = vi.fn()
  onAbort(AbortSignal.abort(), callback)
  onAbort(undefined, callback)
  expect(callback).toHaveBeenCalledTimes(1)
})

function controlled(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController()
  return { signal: controller.signal, abort: () => controller.abort() }
}
