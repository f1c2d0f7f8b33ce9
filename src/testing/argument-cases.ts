import assert from 'node:assert/strict'
import type { SpawnOptions } from '../command/command-options.js'
import type { CommandRunner } from '../command/command-runner.js'
import { isContainersError } from '../errors/containers-error.js'
import { output } from './case-tools.js'
import { defineCases, type CaseBody } from './runner-case.js'

const printArguments = 'for a; do printf "%s\\0" "$a"; done'

async function echoed(runner: CommandRunner, values: string[]): Promise<string[]> {
  const text = await output(runner.run(['sh', '-c', printArguments, 'sh', ...values]))
  return text.split('\0').slice(0, -1)
}

function argumentCase(name: string, values: string[]): CaseBody {
  return {
    name: `arguments arrive as given: ${name}`,
    run: async (runner) => assert.deepEqual(await echoed(runner, values), values),
  }
}

/** More than the kernel takes as one argument or variable. */
const tooLong = 'x'.repeat(200_000)

const impossible: readonly [argv: string[], env: Record<string, string>, named: string][] = [
  [[], {}, 'argv'],
  [[''], {}, 'argv[0]'],
  [['echo', 'a\0b'], {}, 'argv[1]'],
  [['echo', 'half a pair: \ud83d'], {}, 'argv[1]'],
  [['true'], { '': 'x' }, 'env'],
  [['true'], { 'A=B': 'x' }, 'env'],
  [['true'], { 'A\0': 'x' }, 'env'],
  [['true'], { A: 'a\0b' }, 'env.A'],
  [['true'], { A: '\udc33' }, 'env.A'],
]

async function isTooLong(runner: CommandRunner, argv: string[], options: SpawnOptions): Promise<void> {
  const command = runner.spawn(argv, options)
  await assert.rejects(command.started, { code: 'SPAWN_FAILED', stage: 'exec', errno: 'E2BIG' })
  assert.equal((await command.exit).reason, 'spawnFailed')
}

/** What a command is given arrives as it was given. */
export const argumentCases = defineCases([
  argumentCase('spaces, quotes, newlines', [' a  b ', `'"\\$(id)\``, 'two\nlines', '*']),
  argumentCase('empty ones and leading dashes', ['', '-n', '--', '']),
  argumentCase('characters of one to four bytes', ['é', '漢字', '🐳', '\u0001\u007f']),
  argumentCase(
    'a thousand',
    Array.from({ length: 1000 }, (_, index) => `argument ${index}`),
  ),
  argumentCase('one of 100 KiB', ['x'.repeat(100 * 1024)]),
  {
    name: 'bytes that are no UTF-8 go from command to command',
    async run(runner) {
      const script = 'exec sh -c \'printf %s "$1"\' sh "$(printf "\\377\\300x")"'
      const { stdoutBytes } = await runner.run(['sh', '-c', script])
      assert.deepEqual([...stdoutBytes], [0xff, 0xc0, 0x78])
    },
  },
  {
    name: 'arguments and variables that cannot be are refused before anything runs',
    async run(runner) {
      for (const [argv, env, named] of impossible) {
        assert.throws(
          () => runner.spawn(argv, { env }),
          (error) => isContainersError(error, 'INVALID_OPTION') && error.message.startsWith(`${named} `),
          named,
        )
      }
      await Promise.resolve()
    },
  },
  {
    name: 'arguments and variables beyond the kernel’s limit are a SpawnError',
    async run(runner) {
      await isTooLong(runner, ['echo', tooLong], {})
      await isTooLong(runner, ['echo'], { env: { LONG: tooLong } })
    },
  },
])
