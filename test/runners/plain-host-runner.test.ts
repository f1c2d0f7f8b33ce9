import { afterAll, describe, expect, test } from 'vitest'
import { HostRunner } from '../../src/runners/host/host-runner.js'
import { terminalCases } from '../../src/testing/terminal-cases.js'
import { sessionCases } from '../../src/testing/session-cases.js'
import { sessionStateCases } from '../../src/testing/session-state-cases.js'
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

  runCases(
    () => runner,
    [
      'a folder that is not there is a SpawnError',
      'a hostile tree is killed, provably',
      'a listener that throws harms only itself',
      'a slow reader makes the process wait, and loses nothing',
      'a timeout ends a command whose reader has stopped',
      'a user that does not exist is a SpawnError',
      'a wait for a port ends with its command and with its time',
      'an exit carries times, CPU and memory',
      'descendants are kept when asked, and do not hold up the exit',
      'kill from 0 to 20 ms after spawn leaves nothing',
      'runs as a user given by name, with HOME of its own',
      'the environment is exactly what was asked for, and who one is',
      'what a command leaves behind goes too',
      ...terminalCases.map(({ name }) => name),
      ...[...sessionStateCases, ...sessionCases].map(({ name }) => name),
    ],
  )
})
