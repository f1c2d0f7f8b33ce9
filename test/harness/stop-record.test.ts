import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { StopRecord, StopRecords } from '../../src/harness/stop-record.js'

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

test('SIGKILL counts as sent only once the grace is over', () => {
  const record = new StopRecord()
  record.stop('SIGTERM', 1_000)
  vi.advanceTimersByTime(999)
  expect(record.evidence()).toEqual({ requested: 'stop', sentSignals: ['SIGTERM'] })
  vi.advanceTimersByTime(1)
  expect(record.evidence()).toEqual({ requested: 'stop', sentSignals: ['SIGTERM', 'SIGKILL'] })
})

test('a signal that is a conversation is sent, and not a wish to end', () => {
  const record = new StopRecord()
  record.kill('SIGUSR1')
  expect(record.evidence()).toEqual({ requested: undefined, sentSignals: ['SIGUSR1'] })
  record.kill('SIGINT')
  expect(record.evidence()).toEqual({ requested: 'kill', sentSignals: ['SIGUSR1', 'SIGINT'] })
})

test('what met nothing is taken back; what was asked before a start does not count after it', () => {
  const record = new StopRecord()
  record.kill('SIGKILL')()
  expect(record.evidence()).toEqual({ requested: undefined, sentSignals: [] })
  record.remove()
  vi.advanceTimersByTime(5)
  const startedAtMs = performance.now()
  record.stop('SIGQUIT', 10)
  record.dropBefore(startedAtMs)
  expect(record.evidence()).toEqual({ requested: 'stop', sentSignals: ['SIGQUIT'] })
})

test('records are found under every name, and stay bounded', () => {
  const records = new StopRecords()
  records.of('web').stop('SIGTERM', 1_000)
  records.of('0123456789ab').kill('SIGINT')
  expect(records.evidence(['full-id', '0123456789ab', 'web'])).toEqual({
    requested: 'stop',
    sentSignals: ['SIGINT', 'SIGTERM'],
  })
  for (let n = 0; n < 20_000; n++) records.of(`c${n}`).remove()
  expect(records.evidence(['web']).requested).toBeUndefined()
  expect(records.evidence(['c19999']).requested).toBe('remove')
})
