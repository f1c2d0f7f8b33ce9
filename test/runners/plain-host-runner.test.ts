import { afterAll, describe, expect, test } from 'vitest'
import { HostRunner } from '../../src/runners/host/host-runner.js'
import { runCases } from './run-cases.js'

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

  test('refuses a terminal, naming what has them', () => {
    expect(() => runner.spawn(['true'], { terminal: { columns: 80, rows: 24 } })).toThrow(
      expect.objectContaining({
        code: 'NOT_SUPPORTED',
        message: expect.stringContaining('DockerRunner') as string,
      }),
    )
    expect(runner.capabilities.terminals).toBe(false)
  })

  runCases(() => runner, {
    lacking: [
      'supervised',
      'verifiedKill',
      'oomEvidence',
      'pausesLimits',
      'endsWithHost',
      'terminals',
      'files',
      'secrets',
      'ports',
      'sessions',
      'detached',
    ],
  })
})
