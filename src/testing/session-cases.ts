import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { SessionSpawnOptions } from '../command/session.js'
import { shell } from '../command/shell.js'
import { firstLine, forever, output, uniqueWord, withWord } from './case-tools.js'
import { defineCases } from './runner-case.js'
import { defineSessionCases, text, type SessionCase } from './session-case.js'

/** What must not end a session. */
const survived: SessionCase[] = [
  [
    'a session goes on after any code, with what the command had changed',
    async (session) => {
      const { exit } = await session.run(shell('cd /proc; export LEFT=1; exit 3'))
      assert.deepEqual([exit.reason, exit.code], ['exited', 3])
      assert.equal(await text(session, 'echo "$PWD $LEFT"'), '/proc 1\n')
      assert.equal((await session.run(['exit', '4'])).exit.code, 4)
      assert.equal((await session.run(['false'])).exit.code, 1)
      assert.equal(session.cwd, '/proc')
    },
  ],
  [
    'a command that is killed leaves a session as it was',
    async (session) => {
      const itself = await session.run(shell('cd /proc; kill -9 $$'))
      assert.deepEqual([itself.exit.reason, itself.exit.signal], ['signaled', 'SIGKILL'])
      const gently = await session.run(shell('cd /proc; kill $$; sleep 5'))
      assert.deepEqual([gently.exit.reason, gently.exit.signal, gently.stderr], ['signaled', 'SIGTERM', ''])
      const late = await session.run(shell('cd /proc; echo partial; sleep 60'), { timeoutMs: 1000 })
      assert.deepEqual([late.exit.reason, late.stdout], ['timeout', 'partial\n'])
      const controller = new AbortController()
      const aborted = session.spawn(shell('cd /proc; echo on; sleep 60'), { signal: controller.signal })
      await firstLine(aborted)
      controller.abort()
      assert.equal((await aborted.exit).reason, 'aborted')
      const killed = session.spawn(shell('cd /proc; trap "" TERM; echo on; while :; do sleep 1; done'), {
        graceMs: 50,
      })
      await firstLine(killed)
      await killed.kill()
      assert.equal((await killed.exit).reason, 'killed')
      assert.equal(session.cwd, '/tmp')
      assert.equal(await text(session, 'pwd'), '/tmp\n')
    },
  ],
  [
    'no script ends a session',
    async (session) => {
      const scripts = ['set -e; false; echo no', 'if', 'echo ${', 'set -u; echo $nope', 'exec 3>&-', 'exec false',
        'exec 0<&- 1>&- 2>&-', 'trap - EXIT', 'trap "exit 9" EXIT', 'return 3', 'set -n', '. /no/such/file', 'exit 256',
        'kill -STOP $$ & sleep 0.1; kill -CONT $$', 'readonly R=1', 'unset PATH HOME PWD', 'IFS=x; PS4=y',
        'exec 3>&2 >&2', 'break; continue', 'set -C -a -f', 'export LD_PRELOAD=/no/such.so ENV=/x BASH_ENV=/x',
        'eval "exit 7"', 'printf "\\0"', 'cd /; cd -P .', 'set -- a b c; shift 2', 'umask 777'] // prettier-ignore
      const path = (await text(session, 'echo "$PATH"')).trim()
      for (const script of scripts) {
        await session.run(shell(script), { timeoutMs: 2_000 })
        await session.run(shell(`set +euxnfCa; umask 022; unset LD_PRELOAD; PATH=${path}; cd /tmp`))
        assert.equal(await text(session, 'echo alive'), 'alive\n', script)
        assert.equal(session.cwd, '/tmp', script)
      }
    },
  ],
  [
    'a session gets out of a folder that is gone',
    async (session) => {
      const folder = `/tmp/${uniqueWord()}`
      await text(session, `mkdir ${folder}; cd ${folder}; rmdir ${folder}`)
      for (const argv of [shell('pwd'), ['ls'], ['cd', '..']]) {
        await assert.rejects(session.run(argv), {
          code: 'SPAWN_FAILED',
          stage: 'cwd',
          message: new RegExp(folder),
        })
      }
      await output(session.run(['cd', '/proc']))
      assert.equal(await text(session, 'pwd'), '/proc\n')
    },
  ],
  [
    'a session keeps at most half a megabyte, and says so',
    async (session) => {
      await text(session, 'fits="$(head -c 300000 /dev/zero | tr "\\0" x)"')
      const { exit } = await session.run(shell('much="$(head -c 600000 /dev/zero | tr "\\0" x)"; cd /proc'))
      assert.equal(exit.succeeded, true)
      assert.match(exit.explanation ?? '', /as it was before/)
      assert.equal(await text(session, 'echo "${#fits} ${#much} $PWD"'), '300000 0 /tmp\n')
    },
  ],
  [
    'a variable too long for any program does not end a session',
    async (session) => {
      await text(session, 'export LONG="$(head -c 200000 /dev/zero | tr "\\0" x)"')
      await assert.rejects(session.run(['env', 'true']), { code: 'SPAWN_FAILED', errno: 'E2BIG' })
      assert.equal(await text(session, 'echo ${#LONG}'), '200000\n')
      await output(session.run(['unset', 'LONG']))
      await output(session.run(['env', 'true']))
    },
  ],
]

/** How the commands of a session are commands as any. */
const ordinary: SessionCase[] = [
  [
    'a command in a session reads its own stdin',
    async (session) => {
      assert.equal(await output(session.run(['cat'], { stdin: 'in' })), 'in')
      assert.equal(
        await output(session.run(shell('read -r a; echo "got $a"; cat'), { stdin: 'one\ntwo\n' })),
        'got one\ntwo\n',
      )
      assert.equal(await text(session, 'cat; echo end'), 'end\n')
      const command = session.spawn(shell('read -r word; cd "$word"'), { stdin: 'pipe' })
      command.stdin.end('/proc\n')
      assert.equal((await command.exit).code, 0)
      assert.equal(session.cwd, '/proc')
    },
  ],
  [
    'a session keeps 64 MB of output whole',
    async (session) => {
      const command = session.spawn(shell('head -c 67108864 /dev/zero; cd /proc'))
      const hash = createHash('sha256')
      for await (const chunk of command.stdout) hash.update(chunk as Buffer)
      assert.equal((await command.exit).succeeded, true)
      assert.equal(hash.digest('hex'), createHash('sha256').update(Buffer.alloc(67108864)).digest('hex'))
      assert.equal(session.cwd, '/proc')
    },
  ],
  [
    'jobs that a command of a session leaves are killed at its end',
    async (session, runner) => {
      const word = uniqueWord()
      const { exit } = await session.run(
        shell(`sh -c 'while :; do sleep 1; done' ${word} & (while :; do sleep 1; done) & cd /proc`),
      )
      assert.equal(exit.code, 0)
      assert.equal(exit.descendants?.verified, true)
      assert.deepEqual(await withWord(runner, word), [])
      assert.equal(session.cwd, '/proc')
    },
  ],
  [
    'a program in a session is what it is without one',
    async (session) => {
      await assert.rejects(session.run(['no-such-program']), {
        code: 'SPAWN_FAILED',
        stage: 'exec',
        errno: 'ENOENT',
      })
      const words = ['', ' ', '-n', '$HOME', '*', '"\'', 'a\nb', '\\']
      const { stdout, argv, exit } = await session.run(['printf', '%s|', ...words])
      assert.equal(stdout, words.map((word) => `${word}|`).join(''))
      assert.deepEqual(argv, ['printf', '%s|', ...words])
      assert.deepEqual([exit.reason, exit.evidence], ['exited', 'wait4'])
      assert.deepEqual((await session.run(shell('true'))).argv, shell('true'))
    },
  ],
  [
    'commands of a session wait for each other, in order',
    async (session) => {
      const results = await Promise.all([
        session.run(shell('sleep 0.2; cd /proc')),
        session.run(shell('pwd; cd sys')),
        session.run(['env', 'sh', '-c', 'pwd']),
      ])
      assert.deepEqual(results.map(({ stdout }) => stdout), ['', '/proc\n', '/proc/sys\n']) // prettier-ignore
      const first = session.spawn(shell('sleep 60'))
      const second = session.spawn(shell('cd /'))
      await second.kill()
      assert.equal((await second.exit).reason, 'killed')
      await first.kill({ graceMs: 0 })
      assert.equal(await text(session, 'pwd'), '/proc/sys\n')
    },
  ],
  [
    'a session that is closed kills its command, and runs no other',
    async (session, runner) => {
      const word = uniqueWord()
      const running = session.spawn(forever(word), { graceMs: 100 })
      const waiting = session.spawn(['true'])
      await firstLine(running)
      await session.close()
      assert.equal((await running.exit).reason, 'killed')
      assert.equal((await waiting.exit).reason, 'killed')
      assert.deepEqual(await withWord(runner, word), [])
      assert.throws(() => session.spawn(['true']), { code: 'CLOSED' })
      await session.close()
    },
  ],
  [
    'what belongs to a session is not chosen for one command',
    async (session) => {
      for (const option of [{ cwd: '/' }, { env: {} }, { inheritEnv: [] }, { user: '0' }, { secrets: [] }]) {
        assert.throws(() => session.spawn(['true'], option as SessionSpawnOptions), {
          code: 'INVALID_OPTION',
        })
      }
      assert.throws(() => session.spawn([]), { code: 'INVALID_OPTION' })
      await text(session, ':')
    },
  ],
  [
    'a thousand commands in a session',
    async (session) => {
      for (let n = 0; n < 1000; n++) {
        await output(n % 10 === 0 ? session.run(shell('n=$((n+1))')) : session.run(['true']))
      }
      assert.equal(await text(session, 'echo $n'), '100\n')
    },
  ],
]

const opening = defineCases([
  {
    name: 'a session that cannot be opened says why',
    needs: ['sessions'],
    async run(runner) {
      await assert.rejects(runner.openSession({ cwd: '/no/such' }), { code: 'SPAWN_FAILED', stage: 'cwd' })
      await assert.rejects(runner.openSession({ cwd: 'relative' }), { code: 'INVALID_OPTION' })
      await assert.rejects(runner.openSession({ env: { '': '' } }), { code: 'INVALID_OPTION' })
      await assert.rejects(runner.openSession({ shell: 'zsh' as 'sh' }), { code: 'INVALID_OPTION' })
      await assert.rejects(runner.openSession({ signal: AbortSignal.abort() }), { code: 'ABORTED' })
    },
  },
])

/** How a session and its commands behave; needs `/tmp` and the small tools in the place. */
export const sessionCases = [...defineSessionCases([...survived, ...ordinary]), ...opening]
