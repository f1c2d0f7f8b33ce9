import { afterAll, describe, expect, test } from 'vitest'
import { shell } from '../../src/command/shell.js'
import { HostRunner } from '../../src/runners/host/host-runner.js'

const runner = new HostRunner()
afterAll(() => runner.close())

/** Where bash keeps descriptor 3 while a script runs: a script that knows it can write what a session reads. */
const forge = (functions: string) =>
  shell(`printf '%s\\0' braceexpand /usr 0022 '' '${functions}' '' 'declare -x A="1"' >&10; exec true`)

describe('a script that writes to its session in the shell’s place', () => {
  test('can say what it could have done', async () => {
    await using session = await runner.openSession({ cwd: '/tmp', shell: 'bash' })
    await session.run(forge('f () { echo forged; }'))
    expect(session.cwd).toBe('/usr')
    expect((await session.run(['/usr/bin/env'])).stdout).toBe('A=1\n')
  })

  test.each(['exit 5', 'exec sleep 600', 'kill -9 $$', 'if', 'set -n'])(
    'cannot end it by %s',
    async (text) => {
      await using session = await runner.openSession({ cwd: '/tmp', shell: 'bash' })
      await session.run(forge(text))
      for (const word of ['first', 'second']) {
        await session.run(shell(`echo ${word}`), { timeoutMs: 1000, graceMs: 0 })
      }
      const { exit, stdout } = await session.run(shell('echo alive'))
      expect([exit.code, stdout]).toEqual([0, 'alive\n'])
      expect(session.cwd).toBe('/usr')
    },
  )
})

describe('what a script does to the names that the session itself uses', () => {
  test.each([
    'eval() { exit 9; }; shift() { exit 9; }; trap() { exit 9; }; printf() { exit 9; }',
    'declare() { exit 9; }; set() { exit 9; }; unset() { exit 9; }; shopt() { exit 9; }; umask() { exit 9; }',
    'exec() { exit 9; }; exit() { builtin exit 9; }; pwd() { exit 9; }; alias() { exit 9; }',
    'shopt -s expand_aliases; alias eval=exit set=exit printf=exit trap=exit builtin=exit alias=exit exec=exit',
    'builtin() { exit 9; }',
    'readonly __ANYON_STATE_0=x; f() { :; }',
    'export SHELLOPTS BASHOPTS; set -o onecmd',
  ])('%s', async (script) => {
    await using session = await runner.openSession({ cwd: '/tmp', shell: 'bash' })
    await session.run(shell('kept() { echo kept; }'))
    await session.run(shell(script))
    expect((await session.run(shell('echo alive; cd /usr'))).stdout).toBe('alive\n')
    expect(session.cwd).toBe('/usr')
    expect((await session.run(['kept'])).stdout).toBe('kept\n')
  })
})
