import assert from 'node:assert/strict'
import { shell } from '../command/shell.js'
import { output } from './case-tools.js'
import { defineSessionCases, text, type SessionCase } from './session-case.js'

/** What one command leaves, and another finds. */
const kept: SessionCase[] = [
  [
    'a session keeps the folder',
    async (session) => {
      assert.equal(session.cwd, '/tmp')
      await output(session.run(['cd', '/proc']))
      await output(session.run(['cd', 'sys']))
      assert.equal(session.cwd, '/proc/sys')
      assert.equal(await output(session.run(['env', 'sh', '-c', 'pwd'])), '/proc/sys\n')
      assert.equal(await text(session, 'cd ..; pwd'), '/proc\n')
      assert.equal(await output(session.run(['cd', '-'])), '/proc/sys\n')
      const failed = await session.run(['cd', '/no/such/folder'])
      assert.equal(failed.exit.reason, 'exited')
      assert.notEqual(failed.exit.code, 0)
      assert.match(failed.stderr, /no\/such\/folder/)
      assert.equal(session.cwd, '/proc/sys')
    },
  ],
  [
    'a session keeps the environment, byte for byte',
    async (session) => {
      const value = `it's "a" $value \`x\` \\ of\n2 lines, a\ttab and é `
      await output(session.run(['export', `ONE=${value}`]))
      assert.equal(session.env['ONE'], value)
      assert.equal(await output(session.run(['env', 'sh', '-c', 'printf %s "$ONE"'])), value)
      assert.equal(await text(session, 'printf %s "$ONE"'), value)
      await text(session, 'export BYTES="$(printf "\\377\\376")" EMPTY=; GIVEN="$GIVEN and more"')
      assert.equal(
        await output(session.run(['env', 'sh', '-c', 'printf %s "$BYTES" | od -An -tx1'])),
        ' ff fe\n',
      )
      assert.equal(await text(session, 'echo "$GIVEN[$EMPTY]"'), 'given and more[]\n')
      await output(session.run(['unset', 'ONE', 'GIVEN']))
      assert.equal(await text(session, 'echo "${ONE-none} ${GIVEN-none}"'), 'none none\n')
      assert.equal('ONE' in session.env, false)
    },
    { env: { GIVEN: 'given' } },
  ],
  [
    'a session shows nothing of its own in the environment',
    async (session, runner) => {
      await text(session, 'x=1; alias a=b; set -f')
      const lines = (shown: string) =>
        shown.split('\n').filter((line) => !/^(PWD|OLDPWD|SHLVL|_)=/.test(line))
      const plain = lines(await output(runner.run(['env'], { env: { A: '1' } })))
      assert.deepEqual(lines(await output(session.run(['env']))).sort(), plain.sort())
      const fromShell = lines(await text(session, 'env'))
      assert.deepEqual(fromShell.sort(), plain.sort())
      assert.equal(await text(session, 'echo $#; ls /proc/self/fd | wc -l | tr -d " "'), '0\n4\n')
    },
    { env: { A: '1' } },
  ],
  [
    'a session keeps variables, aliases, options and umask of its shell',
    async (session) => {
      await text(
        session,
        'x="not exported"; [ -z "$BASH" ] || shopt -s expand_aliases; alias greet="echo hello"; set -f',
      )
      assert.equal(await text(session, 'echo "$x" *'), 'not exported *\n')
      assert.equal(await output(session.run(['env', 'sh', '-c', 'echo "[$x]"'])), '[]\n')
      assert.equal(await text(session, 'greet you'), 'hello you\n')
      assert.equal(await output(session.run(['greet', 'a  b'])), 'hello a  b\n')
      await output(session.run(['umask', '027']))
      assert.equal(await output(session.run(['env', 'sh', '-c', 'umask'])), '0027\n')
      assert.equal(await text(session, 'umask'), '0027\n')
      await output(session.run(['unalias', 'greet']))
      await assert.rejects(async () => output(session.run(['greet'])))
    },
  ],
  [
    'a session keeps functions where its shell can list them',
    async (session) => {
      await text(session, 'twice() { echo "$1" "$1"; }')
      if (session.shell !== 'bash') return
      assert.equal(await text(session, 'twice a'), 'a a\n')
      assert.equal(await output(session.run(['twice', 'b c'])), 'b c b c\n')
      await text(
        session,
        `large() { : ${'x'.repeat(64_000)}; }; large2() { : ${'y'.repeat(64_000)}; }; list=(1 "2 3")`,
      )
      const check = '[ "$(declare -f large large2 | wc -c)" -gt 128000 ] && echo "${list[1]}"'
      assert.equal(await text(session, check), '2 3\n')
      await text(
        session,
        'shopt -s extglob\npick() { case "$1" in @(a|b)) echo yes;; esac; }\nshopt -u extglob',
      )
      await text(session, ':')
      assert.equal((await session.run(shell('shopt -q extglob'))).exit.code, 1)
      assert.equal(await text(session, 'shopt -s extglob; pick b'), 'yes\n')
      await text(session, 'export -f twice')
      assert.equal(await output(session.run(['env', 'bash', '-c', 'twice d'])), 'd d\n')
      await output(session.run(['unset', '-f', 'twice']))
      assert.equal((await session.run(shell('twice e'))).exit.code, 127)
    },
  ],
]

/** A session that has only what the library knows. */
const withoutShell: SessionCase[] = [
  [
    'a session without a shell keeps folder and environment',
    async (session) => {
      await output(session.run(['cd', 'proc/../proc']))
      await output(session.run(['export', 'ONE=a b', 'TWO=2']))
      await output(session.run(['unset', 'TWO', 'GIVEN']))
      assert.equal(
        await output(session.run(['env', 'sh', '-c', 'echo "$PWD $ONE ${TWO-none} ${GIVEN-none}"'])),
        '/proc a b none none\n',
      )
      const { exit, stderr } = await session.run(['cd', 'no/such'])
      assert.deepEqual([exit.reason, exit.code, stderr], ['exited', 1, 'cd: /proc/no/such: ENOENT\n'])
      assert.equal((await session.run(['export', '1=2'])).exit.code, 1)
      assert.equal(session.cwd, '/proc')
      await output(session.run(['cd', '-']))
      assert.equal(session.cwd, '/')
    },
    { shell: 'none', cwd: '/', env: { GIVEN: 'given' } },
  ],
]

/** What a session keeps; needs `/tmp` and the small tools in the place. */
export const sessionStateCases = defineSessionCases([...kept, ...withoutShell])
