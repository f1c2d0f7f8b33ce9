import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createDeferred } from '../../src/internal/deferred.js'
import type { CommandPolicy, PolicyDecision } from '../../src/policy/command-policy.js'
import { CommandRefusedError } from '../../src/policy/command-refused-error.js'
import { policedRunner } from '../../src/policy/policed-runner.js'
import { rulePolicy } from '../../src/policy/rule-policy.js'
import { HostRunner } from '../../src/runners/host/host-runner.js'
import { runCases } from '../runners/run-cases.js'

const options = { env: { ...process.env, ANYON_CASE_INHERITED: 'yes', ANYON_CASE_OTHER: 'no' }, cwd: '/' }
const yes: CommandPolicy = { decide: async () => ({ action: 'allow' }) }

describe('a runner with a policy that allows everything does all that the runner does', () => {
  const runner = policedRunner(new HostRunner(options), yes)
  afterAll(() => runner.close())
  runCases(() => runner, { lacking: ['detached'] })
})

function hostRunner(policy: CommandPolicy): HostRunner {
  const runner = new HostRunner({ ...options, policy })
  onTestFinished(() => runner.close())
  return runner
}

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'anyon-policy-'))
})
afterAll(() => rm(folder, { recursive: true }))

test('a refused command never runs', async () => {
  const runner = hostRunner(rulePolicy({ deny: [{ name: 'no-touch', program: 'touch' }] }))
  const file = join(folder, 'refused')
  const command = runner.spawn(['sh', '-c', `t''ouch ${file}`], { stdin: 'pipe' })
  await expect(command.started).rejects.toBeInstanceOf(CommandRefusedError)
  expect(await command.exit).toEqual({
    reason: 'refused',
    succeeded: false,
    evidence: 'none',
    explanation: '"sh" was refused by the rule no-touch: touch meets the rule no-touch.',
  })
  expect(await command.text()).toBe('')
  command.stdin.write('too late')
  await expect(runner.run(['touch', file])).rejects.toMatchObject({
    code: 'COMMAND_REFUSED',
    rule: 'no-touch',
    refusal: 'denied',
    retryable: false,
  })
  expect(existsSync(file)).toBe(false)
})

test.each<[string, CommandPolicy['decide'], string]>([
  ['throws', () => Promise.reject(new Error('no database')), 'policyFailed'],
  [
    'throws at once',
    () => {
      throw new Error('no database')
    },
    'policyFailed',
  ],
  ['answers nonsense', async () => ({ action: 'sure' }) as never, 'policyFailed'],
  ['answers nothing', async () => undefined as never, 'policyFailed'],
  ['has a question', async () => ({ action: 'ask', rule: 'push', reason: 'Why?' }), 'asked'],
])('a policy that %s refuses', async (_, decide, refusal) => {
  const file = join(folder, 'failed')
  const running = hostRunner({ decide }).run(['touch', file])
  await expect(running).rejects.toMatchObject({ code: 'COMMAND_REFUSED', refusal })
  expect(existsSync(file)).toBe(false)
})

test('bad options are refused before the policy is asked', () => {
  const runner = hostRunner({ decide: () => expect.unreachable() })
  expect(() => runner.spawn([])).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  expect(() => runner.spawn(['true'], { timeoutMs: 1 })).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION' }),
  )
})

test('what runs is what was decided on', async () => {
  const answer = createDeferred<PolicyDecision>()
  const runner = hostRunner({ decide: () => answer.promise })
  const argv = ['sh', '-c', 'echo "$A"']
  const env = { A: 'before' }
  const running = runner.run(argv, { env })
  argv[2] = 'echo changed'
  env.A = 'after'
  answer.resolve({ action: 'allow' })
  expect((await running).stdout).toBe('before\n')
})

describe('while the policy decides', () => {
  const undecided: CommandPolicy = { decide: () => new Promise(() => {}) }

  test('a command can be killed', async () => {
    const command = hostRunner(undecided).spawn(['true'])
    expect(await command.kill()).toEqual({ killed: 0, survivors: [], verified: true })
    expect(await command.exit).toMatchObject({ reason: 'killed', evidence: 'none' })
    await expect(command.started).rejects.toMatchObject({ code: 'ABORTED' })
  })

  test('a command can be aborted, and the policy hears of it', async () => {
    const abort = new AbortController()
    const asked = createDeferred<AbortSignal>()
    const runner = hostRunner({
      decide: (_, { signal }) => {
        asked.resolve(signal)
        return new Promise(() => {})
      },
    })
    const command = runner.spawn(['true'], { signal: abort.signal })
    const signal = await asked.promise
    abort.abort()
    expect((await command.exit).reason).toBe('aborted')
    expect(signal.aborted).toBe(true)
  })

  test('the runner can be closed', async () => {
    const runner = hostRunner(undecided)
    const command = runner.spawn(['true'])
    await runner.close()
    expect((await command.exit).reason).toBe('killed')
    expect(() => runner.spawn(['true'])).toThrow(expect.objectContaining({ code: 'CLOSED' }))
  })

  test('what is written waits for the command', async () => {
    const answer = createDeferred<PolicyDecision>()
    const command = hostRunner({ decide: () => answer.promise }).spawn(['cat'], { stdin: 'pipe' })
    command.stdin.end('written before')
    answer.resolve({ action: 'allow' })
    expect(await command.text()).toBe('written before')
  })
})

test('a reader who stops does not hold back the exit, and gets the rest later', async () => {
  const command = hostRunner(yes).spawn(['sh', '-c', 'head -c 600000 /dev/zero'])
  const reader = command.stdout[Symbol.asyncIterator]()
  let bytes = ((await reader.next()).value as Buffer).length
  expect((await command.exit).succeeded).toBe(true)
  for (let next = await reader.next(); !next.done; next = await reader.next()) {
    bytes += (next.value as Buffer).length
  }
  expect(bytes).toBe(600_000)
})
