import { afterAll, expect, test } from 'vitest'
import { shell } from '../../src/command/shell.js'
import type { PolicedCommand } from '../../src/policy/command-policy.js'
import { rulePolicy } from '../../src/policy/rule-policy.js'
import { HostRunner } from '../../src/runners/host/host-runner.js'

const asked: PolicedCommand[] = []
const rules = rulePolicy({ deny: [{ name: 'no-rm', program: 'rm' }] })
const runner = new HostRunner({
  policy: {
    decide(command, options) {
      asked.push(command)
      return rules.decide(command, options)
    },
  },
})
afterAll(() => runner.close())

test('a policy is asked for each command of a session, by its own argv and where the session then is', async () => {
  await using session = await runner.openSession({ cwd: '/tmp', env: { A: '1' } })
  asked.length = 0
  const [, , refused, last] = await Promise.allSettled([
    session.run(['cd', '/usr']),
    session.run(shell('export A=2; cd bin')),
    session.run(shell('cd / && rm -rf /no/such/folder')),
    session.run(shell('pwd')),
  ])
  expect(refused).toMatchObject({ reason: { code: 'COMMAND_REFUSED', details: { rule: 'no-rm' } } })
  expect(last).toMatchObject({ value: { stdout: '/usr/bin\n' } })
  expect(asked.map(({ argv, cwd, env }) => [argv, cwd, env?.['A']])).toEqual([
    [['cd', '/usr'], '/tmp', '1'],
    [shell('export A=2; cd bin'), '/usr', '1'],
    [shell('cd / && rm -rf /no/such/folder'), '/usr/bin', '2'],
    [shell('pwd'), '/usr/bin', '2'],
  ])
})

test('a command that is called off while it waits is not asked about', async () => {
  await using session = await runner.openSession({ cwd: '/tmp' })
  const running = session.spawn(['sleep', '600'])
  const waiting = session.spawn(['true'])
  await running.started
  asked.length = 0
  await waiting.kill()
  expect((await waiting.exit).reason).toBe('killed')
  await running.kill({ graceMs: 0 })
  expect((await session.run(['true'])).exit.succeeded).toBe(true)
  expect(asked.map(({ argv }) => argv)).toEqual([['true']])
})

test('closing a session of a policed runner leaves nothing that runs or waits', async () => {
  const session = await runner.openSession({ cwd: '/tmp' })
  const commands = [session.spawn(['sleep', '600']), session.spawn(['sleep', '601'])]
  await commands[0]?.started
  await session.close()
  expect((await Promise.all(commands.map(({ exit }) => exit))).map(({ reason }) => reason)).toEqual([
    'killed',
    'killed',
  ])
  expect(() => session.spawn(['true'])).toThrow(expect.objectContaining({ code: 'CLOSED' }))
  expect(() => session.spawn(['true'], { cwd: '/' } as object)).toThrow()
})
