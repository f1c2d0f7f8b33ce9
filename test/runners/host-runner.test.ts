import { afterAll, describe, expect, test } from 'vitest'
import { HostRunner } from '../../src/runners/host/host-runner.js'
import { canRun, runnerCases } from './cases.js'

const options = { env: { ...process.env, ANYON_CASE_INHERITED: 'yes', ANYON_CASE_OTHER: 'no' }, cwd: '/' }

describe('HostRunner', () => {
  const runner = new HostRunner(options)
  afterAll(() => runner.close())

  test('has a supervisor', () => {
    expect(runner.capabilities).toMatchObject({ supervised: true, verifiedKill: true, endsWithHost: true })
  })

  for (const one of runnerCases.filter((one) => canRun(runner, one))) {
    test(one.name, { timeout: 20_000 }, () => one.run(runner))
  }
})
