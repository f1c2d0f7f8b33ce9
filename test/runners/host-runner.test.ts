import { afterAll, describe, expect, test } from 'vitest'
import { HostRunner } from '../../src/runners/host/host-runner.js'
import { runCases } from './run-cases.js'

const options = { env: { ...process.env, ANYON_CASE_INHERITED: 'yes', ANYON_CASE_OTHER: 'no' }, cwd: '/' }

describe('HostRunner', () => {
  const runner = new HostRunner(options)
  afterAll(() => runner.close())

  test('has a supervisor', () => {
    expect(runner.capabilities).toMatchObject({ supervised: true, verifiedKill: true, endsWithHost: true })
  })

  runCases(() => runner)
})
