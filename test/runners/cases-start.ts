import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { SpawnError } from '../../src/command/spawn-error.js'
import type { CommandRunner } from '../../src/command/command-runner.js'
import { firstLine, forever, output, type RunnerCase, uniqueWord, withWord } from './case.js'

const printArguments = 'for a; do printf "%s\\0" "$a"; done'
const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex')

async function echoed(runner: CommandRunner, values: string[]): Promise<string[]> {
  const text = await output(runner.run(['sh', '-c', printArguments, 'sh', ...values]))
  return text.split('\0').slice(0, -1)
}

function argumentCase(name: string, values: string[]): RunnerCase {
  return {
    name: `arguments arrive as given: ${name}`,
    run: async (runner) => assert.deepEqual(await echoed(runner, values), values),
  }
}

async function fails(runner: CommandRunner, argv: string[], options: object, stage: string, errno?: string) {
  const command = runner.spawn(argv, options)
  await assert.rejects(command.started, (error) => {
    assert(error instanceof SpawnError)
    assert.equal(error.stage, stage, error.message)
    if (errno !== undefined) assert.equal(error.details['errno'], errno)
    return true
  })
  const exit = await command.exit
  assert.equal(exit.reason, 'spawnFailed')
  assert.equal(exit.code, undefined)
  assert.equal(await command.text('stdout'), '')
  assert.equal(await command.text('stderr'), '')
}

/** Arguments, environment, folder, user, stdin. */
export const startCases: RunnerCase[] = [
  argumentCase('spaces, quotes, newlines', [' a  b ', `'"\\$(id)\``, 'two\nlines', '*']),
  argumentCase('empty ones and leading dashes', ['', '-n', '--', '']),
  argumentCase('characters of one to four bytes', ['é', '漢字', '🐳', '\u0001\u007f']),
  argumentCase(
    'a thousand',
    Array.from({ length: 1000 }, (_, index) => `argument ${index}`),
  ),
  argumentCase('one of 100 KiB', ['x'.repeat(100 * 1024)]),
  {
    name: 'the environment is exactly what was asked for, and who one is',
    needs: ['supervised'],
    async run(runner) {
      const text = await output(
        runner.run(['cat', '/proc/self/environ'], { env: { A: '1', B: 'x=y\nz', C: '' } }),
      )
      const names = text
        .split('\0')
        .filter(Boolean)
        .map((entry) => entry.slice(0, entry.indexOf('=')))
      assert.deepEqual(names.sort(), ['A', 'B', 'C', 'HOME', 'LOGNAME', 'PATH', 'USER'])
      assert(text.includes('B=x=y\nz\0') && text.includes('C=\0'))
    },
  },
  {
    name: 'given variables go before the defaults',
    async run(runner) {
      const env = { HOME: '/nowhere', USER: 'somebody' }
      assert.equal(await output(runner.run(['sh', '-c', 'echo $HOME $USER'], { env })), '/nowhere somebody\n')
    },
  },
  {
    name: 'inheritEnv passes on what it names and nothing else',
    async run(runner) {
      const script = 'echo "[$ANYON_CASE_INHERITED] [$ANYON_CASE_OTHER]"'
      const text = await output(
        runner.run(['sh', '-c', script], { inheritEnv: ['ANYON_CASE_INHERITED', 'MISSING'] }),
      )
      assert.equal(text, '[yes] []\n')
    },
  },
  {
    name: 'runs in the folder asked for',
    run: async (runner) => assert.equal(await output(runner.run(['pwd'], { cwd: '/usr' })), '/usr\n'),
  },
  {
    name: 'a folder that is not there is a SpawnError',
    run: (runner) => fails(runner, ['true'], { cwd: '/not/there' }, 'cwd', 'ENOENT'),
    needs: ['supervised'],
  },
  {
    name: 'a binary that is not there is a SpawnError, and nothing is printed',
    run: (runner) => fails(runner, ['anyon-no-such-binary'], {}, 'exec', 'ENOENT'),
  },
  {
    name: 'a file that is not executable is a SpawnError',
    run: (runner) => fails(runner, ['/etc/passwd'], {}, 'exec', 'EACCES'),
  },
  {
    name: 'runs as a user given by numbers',
    needs: ['users'],
    async run(runner) {
      assert.equal(
        await output(runner.run(['sh', '-c', 'id -u; id -g'], { user: '1234:5678' })),
        '1234\n5678\n',
      )
    },
  },
  {
    name: 'runs as a user given by name, with HOME of its own',
    needs: ['users', 'supervised'],
    async run(runner) {
      const text = await output(runner.run(['sh', '-c', 'id -u; echo $USER $LOGNAME'], { user: 'nobody' }))
      assert.match(text, /^65534\nnobody nobody\n$/)
    },
  },
  {
    name: 'a user that does not exist is a SpawnError',
    needs: ['users', 'supervised'],
    run: (runner) => fails(runner, ['true'], { user: 'no-such-user' }, 'user'),
  },
  {
    name: 'without stdin a reader gets its end at once',
    run: async (runner) => assert.equal(await output(runner.run(['cat'])), ''),
  },
  {
    name: 'text, bytes and { text } go in whole',
    async run(runner) {
      const bytes = randomBytes(200_000)
      const hash = ['sh', '-c', 'sha256sum | cut -c1-64']
      assert.equal(await output(runner.run(hash, { stdin: bytes })), `${sha256(bytes)}\n`)
      assert.equal(await output(runner.run(['cat'], { stdin: 'grüße' })), 'grüße')
      assert.equal(await output(runner.run(['cat'], { stdin: { text: 'pipe' } })), 'pipe')
      assert.equal(await output(runner.run(['cat'], { stdin: '' })), '')
    },
  },
  {
    name: '100 MB of a stream arrive with their hash',
    async run(runner) {
      const block = randomBytes(1024 * 1024)
      const hash = createHash('sha256')
      const source = Readable.from(
        (function* () {
          for (let index = 0; index < 100; index++) {
            hash.update(block)
            yield block
          }
        })(),
      )
      const text = await output(runner.run(['sh', '-c', 'sha256sum | cut -c1-64'], { stdin: source }))
      assert.equal(text, `${hash.digest('hex')}\n`)
    },
  },
  {
    name: 'stdin stays open until it is ended',
    async run(runner) {
      const command = runner.spawn(['sh', '-c', 'while read -r line; do echo "got $line"; done; echo end'], {
        stdin: 'pipe',
      })
      const lines = command.lines()[Symbol.asyncIterator]()
      for (const word of ['one', 'two']) {
        command.stdin.write(`${word}\n`)
        assert.equal((await lines.next()).value, `got ${word}`)
      }
      command.stdin.end()
      assert.equal((await lines.next()).value, 'end')
      assert.equal((await command.exit).succeeded, true)
    },
  },
  {
    name: 'a command that closes its stdin early breaks nothing',
    async run(runner) {
      const command = runner.spawn(['sh', '-c', 'exec 0<&-; echo closed; sleep 0.2; exit 4'], {
        stdin: 'pipe',
      })
      assert.equal(await firstLine(command), 'closed')
      for (let index = 0; index < 40; index++) command.stdin.write(Buffer.alloc(64 * 1024))
      await assert.rejects(finished(command.stdin))
      assert.equal((await command.exit).code, 4)
    },
  },
  {
    name: 'a command that never reads its stdin can still end',
    async run(runner) {
      const result = await runner.run(['sh', '-c', 'exit 5'], { stdin: Buffer.alloc(3 * 1024 * 1024) })
      assert.equal(result.exit.code, 5)
    },
  },
  {
    name: 'a source of stdin that breaks is not taken for its end',
    async run(runner) {
      const source = Readable.from(
        (async function* () {
          yield Buffer.from('half a ')
          throw new Error('the disk is gone')
        })(),
      )
      const command = runner.spawn(['sh', '-c', 'cat >/dev/null; echo whole'], { stdin: source })
      assert.equal((await command.exit).reason, 'killed')
      assert.equal(await command.text(), '')
    },
  },
  {
    name: 'a closed command is gone',
    async run(runner) {
      const word = uniqueWord()
      const command = runner.spawn(forever(word))
      await firstLine(command)
      assert.equal((await withWord(runner, word)).length, 1)
      await command.close()
      assert.deepEqual(await withWord(runner, word), [])
    },
  },
]
