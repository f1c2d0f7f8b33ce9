import assert from 'node:assert/strict'
import type { CommandRunner } from '../command/command-runner.js'
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
])
