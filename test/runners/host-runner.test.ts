import { afterAll, describe, expect, test, vi } from 'vitest'
import type * as SupervisorBinary from '../../src/delivery/supervisor-binary.js'
import { HostRunner } from '../../src/runners/host/host-runner.js'
import { runCases } from './run-cases.js'

// Another build of the supervisor may be chosen, the sanitized one for example.
vi.mock('../../src/delivery/supervisor-binary.js', async (importOriginal) => {
  const original = await importOriginal<typeof SupervisorBinary>()
  const chosen = process.env['ANYON_SUPERVISOR_BINARY']
  return { ...original, ...(chosen !== undefined && { supervisorPath: () => chosen }) }
})

const options = { env: { ...process.env, ANYON_CASE_INHERITED: 'yes', ANYON_CASE_OTHER: 'no' }, cwd: '/' }

describe('HostRunner', () => {
  const runner = new HostRunner(options)
  afterAll(() => runner.close())

  test('has a supervisor', () => {
    expect(runner.capabilities).toMatchObject({ supervised: true, verifiedKill: true, endsWithHost: true })
  })

  test('a command that kills its monitor has an end that nobody knows', async () => {
    const { exit } = await runner.run(['sh', '-c', 'kill -9 $PPID; sleep 600'])
    expect(exit).toMatchObject({ reason: 'unknown', succeeded: false, evidence: 'none' })
    expect([exit.code, exit.signal, exit.cpuTimeMs]).toEqual([undefined, undefined, undefined])
    expect((await runner.run(['echo', 'on'])).stdout).toBe('on\n')
  })

  test('goes on when a command stops the supervisor', async () => {
    await using stopped = new HostRunner({ ...options, heartbeatMs: 100 })
    const parent = 'kill -STOP $(cut -d" " -f4 /proc/$PPID/stat); echo stopped; sleep 600'
    const { exit, stdout } = await stopped.run(['sh', '-c', parent], { timeoutMs: 1000 })
    expect([stdout, exit.reason]).toEqual(['stopped\n', 'timeout'])
  })

  test('detaches no commands, and says what does', async () => {
    expect(runner.capabilities.detached).toBe(false)
    const refusal = expect.objectContaining({
      code: 'NOT_SUPPORTED',
      message: expect.stringContaining('DockerRunner') as string,
    })
    expect(() => runner.spawn(['true'], { detached: true, id: 'x' })).toThrow(refusal)
    await expect(runner.attach('x')).rejects.toEqual(refusal)
  })

  // The one place where the longest output is as long as it is by default.
  runCases(() => runner, { lacking: ['detached'], sizes: {} })
})
