import { expect, test } from 'vitest'
import { classifyExit, type ExitObservation, type StopEvidence } from '../../src/model/classify-exit.js'
import { succeeded, wasSignaled } from '../../src/model/container-exit.js'

const nothing: StopEvidence = { sentSignals: [] }
const stopped: StopEvidence = { requested: 'stop', sentSignals: ['SIGTERM'] }
const stoppedHard: StopEvidence = { requested: 'stop', sentSignals: ['SIGTERM', 'SIGKILL'] }
const killed: StopEvidence = { requested: 'kill', sentSignals: ['SIGKILL'] }
const removed: StopEvidence = { requested: 'remove', sentSignals: ['SIGKILL'] }
const seen = (facts: Partial<ExitObservation>): ExitObservation => ({
  source: 'wait',
  oomKilled: false,
  ...facts,
})

test.each([
  ['a clean end', seen({ code: 0 }), nothing, { reason: 'exited', code: 0, succeeded: true }],
  ['a code of its own', seen({ code: 7 }), nothing, { reason: 'exited', code: 7, succeeded: false }],
  ['128 is no signal', seen({ code: 128 }), nothing, { reason: 'exited', possibleSignal: undefined }],
  [
    '137 that nobody asked for',
    seen({ code: 137 }),
    nothing,
    { reason: 'exited', code: 137, possibleSignal: 'SIGKILL', wasSignaled: false },
  ],
  [
    '137 after our kill',
    seen({ code: 137 }),
    killed,
    { reason: 'signaled', signal: 'SIGKILL', requested: 'kill', wasSignaled: true },
  ],
  ['143 after a stop', seen({ code: 143 }), stopped, { reason: 'signaled', signal: 'SIGTERM' }],
  [
    '137 before the grace of a stop was over is its own',
    seen({ code: 137 }),
    stopped,
    { reason: 'exited', possibleSignal: 'SIGKILL', requested: 'stop' },
  ],
  ['137 after the grace of a stop', seen({ code: 137 }), stoppedHard, { reason: 'signaled', code: 137 }],
  [
    '0 after a stop',
    seen({ code: 0 }),
    stopped,
    { reason: 'exited', code: 0, requested: 'stop', succeeded: true },
  ],
  [
    'out of memory',
    seen({ code: 137, oomKilled: true }),
    nothing,
    { reason: 'oom', signal: 'SIGKILL', wasSignaled: true },
  ],
  [
    'an old memory flag and our kill',
    seen({ code: 137, oomKilled: true }),
    killed,
    { reason: 'signaled', oomKilled: true },
  ],
  [
    'an old memory flag and a code',
    seen({ code: 3, oomKilled: true }),
    nothing,
    { reason: 'exited', code: 3, oomKilled: true },
  ],
  [
    'never ran',
    seen({ code: 127, neverRan: true, errorText: 'no such file' }),
    nothing,
    { reason: 'startFailed', code: 127, errorText: 'no such file' },
  ],
  [
    'gone without a word',
    seen({ gone: true, oomKilled: 'unknown', source: 'inspect' }),
    nothing,
    { reason: 'removed', code: undefined, succeeded: false, oomKilled: 'unknown' },
  ],
  [
    'removed by force',
    seen({ code: 137, gone: true }),
    removed,
    { reason: 'removed', code: 137, requested: 'remove' },
  ],
  [
    'removed by us, still there',
    seen({ code: 137 }),
    removed,
    { reason: 'removed', code: 137, requested: 'remove' },
  ],
  [
    'removed by force, by others',
    seen({ code: 137, gone: true }),
    nothing,
    { reason: 'removed', code: 137, possibleSignal: 'SIGKILL' },
  ],
  ['ended, then removed', seen({ code: 4, gone: true }), nothing, { reason: 'exited', code: 4 }],
  [
    'killed by us, then removed',
    seen({ code: 137, gone: true }),
    killed,
    { reason: 'signaled', signal: 'SIGKILL' },
  ],
  ['nobody knows', seen({ source: 'inspect' }), nothing, { reason: 'unknown', code: undefined }],
  [
    '255 after the engine was away',
    seen({ code: 255, engineWasLost: true }),
    nothing,
    { reason: 'unknown', code: 255, succeeded: false },
  ],
  ['255 of its own', seen({ code: 255 }), nothing, { reason: 'exited', code: 255 }],
] as const)('%s', (_name, observation, evidence, expected) => {
  const exit = classifyExit(observation, evidence)
  for (const [key, value] of Object.entries(expected))
    expect([key, exit[key as keyof typeof exit]]).toEqual([key, value])
  expect(exit.succeeded).toBe(succeeded(exit))
  expect(exit.wasSignaled).toBe(wasSignaled(exit))
  expect(JSON.parse(JSON.stringify(exit))).toEqual(exit)
})

test('an unknown code is never a success', () => {
  expect(succeeded({ reason: 'unknown' })).toBe(false)
  expect(succeeded({ reason: 'removed', code: 0 })).toBe(false)
})
