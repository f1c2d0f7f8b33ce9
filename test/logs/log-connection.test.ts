import { Readable } from 'node:stream'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { LogConnection } from '../../src/logs/log-connection.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A long log of a terminal, and how much of it was taken. */
function longLog() {
  const chunk = Buffer.from(`2026-01-01T00:00:00.000000001Z ${'x'.repeat(8000)}\n`.repeat(8))
  const read = (): void => void log.source.push(log.taken++ < 1000 ? chunk : null)
  const log = { taken: 0, source: new Readable({ read }) }
  return log
}

it('stops reading while nobody takes what came, and goes on when somebody does', async () => {
  const log = longLog()
  const connection = new LogConnection(log.source, true, () => true)
  const first = await connection.next()
  await vi.advanceTimersByTimeAsync(500)
  expect(log.source.isPaused()).toBe(true)
  const { taken } = log
  await vi.advanceTimersByTimeAsync(400)
  expect(log.taken).toBe(taken)
  const more = await connection.next()
  expect(Array.isArray(first) && Array.isArray(more)).toBe(true)
  await vi.advanceTimersByTimeAsync(1)
  expect(log.taken).toBeGreaterThan(taken)
  connection.close()
})

it('lets the engine go when nobody takes anything for a second, and gives what came before', async () => {
  const log = longLog()
  const connection = new LogConnection(log.source, true, () => true)
  await connection.next()
  await vi.advanceTimersByTimeAsync(2000)
  expect(log.source.destroyed).toBe(true)
  expect(Array.isArray(await connection.next())).toBe(true)
  expect(await connection.next()).toEqual({ kind: 'released' })
})
