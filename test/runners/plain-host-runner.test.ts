import { userInfo } from 'node:os'
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

  test.each([
    ['a user whose groups it could not give', { user: 'nobody' }, { code: 'NOT_SUPPORTED', stage: 'user' }],
    [
      'a folder and a program that are not there',
      { cwd: '/not/there' },
      { code: 'SPAWN_FAILED', stage: 'cwd' },
    ],
  ])('%s: a SpawnError that names the step', async (_name, options, expected) => {
    const command = runner.spawn(['anyon-no-such-binary'], options)
    await expect(command.started).rejects.toMatchObject({ name: 'SpawnError', ...expected })
    expect(await command.exit).toMatchObject({ reason: 'spawnFailed', evidence: 'none' })
  })

  test('its own user is nothing to change', async () => {
    const { username } = userInfo()
    expect((await runner.run(['id', '-un'], { user: username })).stdout).toBe(`${username}\n`)
  })

  test('a user whom it may not become is a SpawnError', async () => {
    // Root may become everybody, so for a moment we are nobody.
    const isRoot = process.geteuid?.() === 0
    if (isRoot) process.seteuid?.(65_534)
    const command = runner.spawn(['true'], { user: '4321:4321' })
    if (isRoot) process.seteuid?.(0)
    await expect(command.started).rejects.toMatchObject({
      code: 'SPAWN_FAILED',
      stage: 'user',
      errno: 'EPERM',
    })
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
      'uniqueUsers',
      'ports',
      'sessions',
      'detached',
    ],
  })
})
