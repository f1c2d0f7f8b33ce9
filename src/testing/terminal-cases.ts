import assert from 'node:assert/strict'
import type { Command } from '../command/command.js'
import type { CommandRunner } from '../command/command-runner.js'
import type { SpawnOptions } from '../command/command-options.js'
import { isContainersError } from '../errors/containers-error.js'
import { output, uniqueWord, withWord } from './case-tools.js'
import { defineCases, type CaseBody } from './runner-case.js'
import { Screen } from './screen.js'

const terminal = { columns: 120, rows: 40 }
const everyByte = Uint8Array.from({ length: 256 }, (_, value) => value)

function open(runner: CommandRunner, script: string, options: SpawnOptions = {}): [Command, Screen] {
  const command = runner.spawn(['sh', '-c', script], { terminal, ...options })
  return [command, new Screen(command)]
}

/** What a script prints in a terminal, with code 0. */
const printed = (runner: CommandRunner, script: string, options: SpawnOptions = {}) =>
  output(runner.run(['sh', '-c', script], { terminal, ...options }))

const code = (expected: string) => (error: unknown) => isContainersError(error) && error.code === expected

const bodies: readonly CaseBody[] = [
  {
    name: 'a terminal has its size from the first moment, and is one',
    run: async (runner) =>
      assert.match(
        await printed(runner, 'stty size; tty; test -t 0 && test -t 1 && test -t 2 && echo all'),
        /^40 120\r\n\/dev\/pts\/\d+\r\nall\r\n$/,
      ),
  },
  {
    name: 'all output in a terminal comes on stdout',
    async run(runner) {
      const result = await runner.run(['sh', '-c', 'echo out; echo err >&2'], { terminal })
      assert.deepEqual([result.stdout, result.stderr], ['out\r\nerr\r\n', ''])
    },
  },
  {
    name: 'TERM in a terminal is xterm-256color unless given',
    async run(runner) {
      assert.equal(await printed(runner, 'echo $TERM'), 'xterm-256color\r\n')
      assert.equal(await printed(runner, 'echo $TERM', { env: { TERM: 'vt100' } }), 'vt100\r\n')
      assert.equal(await output(runner.run(['sh', '-c', 'echo "<$TERM>"'])), '<>\n')
    },
  },
  {
    name: 'a new size of a terminal is seen by SIGWINCH',
    async run(runner) {
      const script = 'trap "echo told" WINCH; echo ready; while :; do read -r line && stty size; done'
      const [command, screen] = open(runner, script)
      await screen.shows('ready')
      command.resize({ columns: 132, rows: 43 })
      screen.type('\n')
      await Promise.all([screen.shows('told'), screen.shows('43 132\r\n')])
      command.resize({ columns: 80, rows: 24 })
      screen.type('\n')
      await Promise.all([screen.shows(/told[^]*told/), screen.shows('24 80\r\n')])
      await command.kill({ graceMs: 0 })
    },
  },
  {
    name: 'a terminal may be resized from the spawn on',
    async run(runner) {
      const [command, screen] = open(runner, 'read -r go; stty size')
      command.resize({ columns: 33, rows: 22 })
      screen.type('go\n')
      await screen.shows('22 33\r\n')
      assert.equal((await command.exit).succeeded, true)
    },
  },
  {
    name: 'a resize is refused for no size, without a terminal, and after the end',
    async run(runner) {
      const [command] = open(runner, 'read -r go')
      for (const size of [0, -1, 1.5, 65_536, NaN]) {
        assert.throws(() => command.resize({ columns: size, rows: 24 }), code('INVALID_OPTION'))
        assert.throws(
          () => open(runner, 'true', { terminal: { columns: 80, rows: size } }),
          code('INVALID_OPTION'),
        )
      }
      command.stdin.end('\n')
      await command.exit
      assert.throws(() => command.resize(terminal), code('COMMAND_ENDED'))
      await using piped = runner.spawn(['cat'], { stdin: 'pipe' })
      assert.throws(() => piped.resize(terminal), code('NOT_SUPPORTED'))
    },
  },
  {
    name: 'Ctrl-C is a SIGINT to the foreground',
    async run(runner) {
      const [command, screen] = open(runner, 'echo ready; exec sleep 600')
      await screen.shows('ready')
      screen.type('\x03')
      const { reason, signal } = await command.exit
      assert.deepEqual([reason, signal], ['signaled', 'SIGINT'])
    },
  },
  {
    name: 'the end of stdin is a Ctrl-D, at the start of a line and within one',
    async run(runner) {
      for (const text of ['line\n', 'line\nrest']) {
        const command = runner.spawn(['cat'], { terminal, stdin: { text } })
        const screen = new Screen(command)
        assert.equal((await command.exit).succeeded, true)
        assert.equal(screen.text.split('line').length, 3)
      }
      assert.equal(await output(runner.run(['cat'], { terminal })), '')
    },
  },
  {
    name: 'every byte passes a raw terminal in both directions',
    async run(runner) {
      const [command, screen] = open(runner, 'stty raw -echo; echo ready; exec head -c 256')
      await screen.shows('ready\n')
      screen.type(everyByte)
      assert.equal((await command.exit).succeeded, true)
      assert.deepEqual(Buffer.from(screen.text, 'latin1').subarray(-256), Buffer.from(everyByte))
    },
  },
  {
    name: 'single keys reach a program at once in raw mode',
    async run(runner) {
      const script = 'stty raw -echo; echo ready; for i in 1 2 3; do head -c 1 | od -An -tx1; done; stty sane'
      const [command, screen] = open(runner, script)
      await screen.shows('ready')
      for (const [key, shown] of [
        ['\x1b', '1b'],
        ['q', '71'],
        ['\x03', '03'],
      ] as const) {
        screen.type(key)
        await screen.shows(shown)
      }
      assert.equal((await command.exit).succeeded, true)
    },
  },
  {
    name: 'exits in a terminal are as exact as anywhere',
    async run(runner) {
      for (const status of [0, 1, 129, 137, 255]) {
        const { exit } = await runner.run(['sh', '-c', `exit ${status}`], { terminal })
        assert.deepEqual([exit.reason, exit.code], ['exited', status])
      }
      const { exit } = await runner.run(['sh', '-c', 'kill -9 $$'], { terminal })
      assert.deepEqual([exit.reason, exit.signal], ['signaled', 'SIGKILL'])
    },
  },
  {
    name: 'a megabyte printed to a terminal just before the end is there',
    async run(runner) {
      const text = await printed(runner, 'stty raw -echo; head -c 1000000 /dev/zero | tr "\\0" x')
      assert.equal(text, 'x'.repeat(1_000_000))
    },
  },
  {
    name: 'a terminal controls its session',
    run: async (runner) =>
      assert.equal(await printed(runner, 'echo there >/dev/tty; echo again >"$(tty)"'), 'there\r\nagain\r\n'),
  },
  {
    name: 'another user owns the terminal',
    needs: ['users'],
    async run(runner) {
      const script = 'id -u; echo there >/dev/tty; echo again >"$(tty)"; stty -a >/dev/null && echo modes'
      assert.equal(await printed(runner, script, { user: '1234' }), '1234\r\nthere\r\nagain\r\nmodes\r\n')
    },
  },
  {
    name: 'a shell in a terminal has job control',
    async run(runner) {
      const command = runner.spawn(['sh', '-i'], { terminal, env: { PS1: 'prompt> ', HISTFILE: '' } })
      const screen = new Screen(command)
      await screen.shows('prompt> ')
      // It starts no program: a shell that is stopped while it does is not seen to have stopped.
      screen.type(`sh -c 'while read x; do echo "<$x>"; done'\nbegun\n`)
      await screen.shows('<begun>')
      screen.type('\x1a')
      await screen.shows('Stopped')
      screen.type('fg\nwoken\n')
      await screen.shows('<woken>')
      screen.type('\x03')
      // A shell drops what was typed before it heard of the interrupt.
      await screen.shows(/<woken>[^]*prompt> /)
      screen.type('exit 4\n')
      const { reason, code } = await command.exit
      assert.deepEqual([reason, code], ['exited', 4])
    },
  },
  {
    name: 'a kill hangs the terminal up',
    async run(runner) {
      const [command, screen] = open(runner, 'trap "" TERM; echo ready; exec sleep 600')
      await screen.shows('ready')
      const { verified } = await command.kill({ graceMs: 60_000 })
      const { reason, signal } = await command.exit
      assert.deepEqual([verified, reason, signal], [true, 'killed', 'SIGHUP'])
    },
  },
  {
    name: 'what has left the session of a terminal is killed as well',
    needs: ['verifiedKill'],
    async run(runner) {
      const word = uniqueWord()
      const loop = `trap "" HUP TERM; echo up; while :; do sleep 1; done`
      const [command, screen] = open(runner, `setsid sh -c '${loop}' ${word} & wait`)
      await screen.shows('up')
      const report = await command.kill({ graceMs: 50 })
      assert.deepEqual([report.verified, report.survivors], [true, []])
      assert.deepEqual(await withWord(runner, word), [])
    },
  },
  {
    name: 'a time limit holds in a terminal, and what was printed is kept',
    async run(runner) {
      const options = { terminal, timeoutMs: 1000, graceMs: 100 }
      const { exit, stdout } = await runner.run(['sh', '-c', 'echo begun; exec sleep 600'], options)
      assert.deepEqual([exit.reason, stdout], ['timeout', 'begun\r\n'])
    },
  },
  {
    name: 'fifty terminals at once are fifty',
    async run(runner) {
      const opened = Array.from({ length: 50 }, () => open(runner, 'tty; read -r word; echo "<$word>"'))
      await Promise.all(opened.map(([, screen]) => screen.shows('/dev/pts/')))
      for (const [index, [, screen]] of opened.entries()) screen.type(`word ${index}\n`)
      const exits = await Promise.all(opened.map(([command]) => command.exit))
      assert.deepEqual([...new Set(exits.map(({ code }) => code))], [0])
      const names = opened.map(([, { text }]) => /\/dev\/pts\/\d+/.exec(text)?.[0])
      assert.equal(new Set(names).size, 50)
      for (const [index, [, { text }]] of opened.entries()) assert(text.includes(`<word ${index}>`), text)
    },
  },
]

/** Commands in a terminal of their own. */
export const terminalCases = defineCases(
  bodies.map((body) => ({ ...body, needs: ['terminals', ...(body.needs ?? [])] as const })),
)
