import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { buildHostProgram, type HostOutput, type HostProgram } from '../runners/host-process.js'
import { BUSYBOX_IMAGE, testEndpoint, testLabels } from '../support/engine.js'
import { makeSentinels, sentinelsIn } from './sentinels.js'

vi.setConfig({ hookTimeout: 120_000 })

const sentinels = makeSentinels()
let host: HostProgram
let quiet: HostOutput
let debugged: HostOutput
beforeAll(async () => {
  host = await buildHostProgram('quiet-host')
  const args = [testEndpoint(), BUSYBOX_IMAGE, JSON.stringify(testLabels())]
  const run = (env: NodeJS.ProcessEnv) => host.run(JSON.stringify(sentinels), args, env)
  ;[quiet, debugged] = await Promise.all([
    run({ NODE_DEBUG: '', DEBUG: '', NODE_OPTIONS: '' }),
    run({ NODE_DEBUG: '*', DEBUG: '*', NODE_OPTIONS: '--trace-warnings' }),
  ])
})
afterAll(() => host?.remove())

test('the library writes nothing by itself, whatever goes well or wrong with secrets', () => {
  expect([quiet.code, String(quiet.stdout), String(quiet.stderr)]).toEqual([0, '', ''])
})

test.each([
  '[secret env]', 'verified: true', 'delivered', 'rotated', 'expired', 'containerRemoved', 'listenerFailed',
  'COMMAND_FAILED', 'SPAWN_FAILED', 'ABORTED', 'SECRET_STORE_FAILED', 'SECRET_CHANGED', 'SECRET_INVALID',
  'NOT_SUPPORTED', 'CONTAINER_STATE',
])('it tells the host %j, and no secret with it', (part) => {
  expect(quiet.told.includes(part)).toBe(true)
  expect(sentinelsIn(sentinels, quiet.told)).toEqual([])
}) // prettier-ignore

test('with all the debugging output there is, no secret is in it', () => {
  expect([debugged.code, String(debugged.stdout)]).toEqual([0, ''])
  expect(debugged.stderr.length).toBeGreaterThan(1000)
  expect(sentinelsIn(sentinels, debugged.stderr)).toEqual([])
})
