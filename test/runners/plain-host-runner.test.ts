import { afterAll, describe, expect, test } from 'vitest'
import { HostRunner } from '../../src/runners/host/host-runner.js'
import { canRun, runnerCases } from './cases.js'

describe('HostRunner without a supervisor', () => {
  const runner = new HostRunner({
    supervisor: 'never',
    env: { ...process.env, ANYON_CASE_INHERITED: 'yes', ANYON_CASE_OTHER: 'no' },
    cwd: '/',
  })
  afterAll(() => runner.close())

  test('says what it cannot do', () => {
    expect(runner.capabilities).toMatchObject({ supervised: false, verifiedKill: false, endsWithHost: false })
  })

  for (const one of runnerCases.filter((one) => canRun(runner, one))) {
    test(one.name, { timeout: 20_000 }, () => one.run(runner))
  }
})
