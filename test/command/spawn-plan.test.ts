import { describe, expect, test } from 'vitest'
import type { SpawnOptions } from '../../src/command/command-options.js'
import { planSpawn } from '../../src/command/spawn-plan.js'
import { HostRunner } from '../../src/runners/host/host-runner.js'

const bad: [name: string, argv: unknown, options: Record<string, unknown>, message: string][] = [
  ['an empty argv', [], {}, 'argv must be an array of at least one string'],
  ['a string for argv', 'ls -l', {}, 'argv must be an array of at least one string, got "ls -l" (string)'],
  ['an empty program', [''], {}, 'argv[0] must name a program'],
  ['a number as argument', ['a', 1], {}, 'argv[1] must be a string, got "<number>"'],
  ['NUL in an argument', ['a', 'secret\0'], {}, 'argv[1] must not contain NUL, got "<7 characters>"'],
  [
    'half a character in an argument',
    ['a', 'b\ud83d'],
    {},
    'argv[1] must be well-formed Unicode, got "<2 characters>"',
  ],
  ['half a character in a value', ['a'], { env: { A: '\udc33' } }, 'env.A must be well-formed Unicode'],
  [
    'an environment name with =',
    ['a'],
    { env: { 'A=B': 'x' } },
    'env must have names that are not empty and contain neither = nor NUL, got "A=B"',
  ],
  ['an empty environment name', ['a'], { env: { '': 'x' } }, 'env must have names that are not empty'],
  ['an environment name with NUL', ['a'], { env: { 'A\0': 'x' } }, 'contain neither = nor NUL'],
  [
    'an environment value with NUL',
    ['a'],
    { env: { TOKEN: 'secret\0' } },
    'env.TOKEN must not contain NUL, got "<7 characters>"',
  ],
  [
    'an environment value that is no string',
    ['a'],
    { env: { A: 1 } },
    'env.A must be a string, got "<number>"',
  ],
  ['a bad name to inherit', ['a'], { inheritEnv: ['A=B'] }, 'inheritEnv must have names'],
  ['a relative folder', ['a'], { cwd: 'src' }, 'cwd must be an absolute path without NUL, got "src"'],
  ['NUL in the folder', ['a'], { cwd: '/a\0' }, 'cwd must be an absolute path without NUL'],
  [
    'an empty user',
    ['a'],
    { user: '' },
    'user must be a name or number, or two of them as user:group, got ""',
  ],
  ['a user with two colons', ['a'], { user: 'a:b:c' }, 'user must be a name or number'],
  [
    'a timeout of 0',
    ['a'],
    { timeoutMs: 0 },
    'timeoutMs must be a whole number from 1000 to 3600000, got 0 (number)',
  ],
  ['no time for silence', ['a'], { idleTimeoutMs: 0 }, 'idleTimeoutMs must be a whole number from 1000'],
  ['silence for less than no time', ['a'], { idleTimeoutMs: -1 }, 'from 1000 to 3600000, got -1'],
  ['endless silence', ['a'], { idleTimeoutMs: Infinity }, 'from 1000 to 3600000, got Infinity'],
  [
    'a way to be slow that is none',
    ['a'],
    { output: { whenSlow: 'wait' as 'block' } },
    "output.whenSlow must be 'block' or 'drop-oldest'",
  ],
  [
    'lines of no length',
    ['a'],
    { output: { maxLineBytes: 0 } },
    'output.maxLineBytes must be a whole number of bytes from 4',
  ],
  ['a timeout below a second', ['a'], { timeoutMs: 999 }, 'from 1000 to 3600000, got 999'],
  ['a timeout above an hour', ['a'], { timeoutMs: 3_600_001 }, 'from 1000 to 3600000, got 3600001'],
  ['a timeout that is no number', ['a'], { timeoutMs: Number.NaN }, 'from 1000 to 3600000, got NaN'],
  ['a negative grace', ['a'], { graceMs: -1 }, 'graceMs must be a whole number from 0 to 3600000, got -1'],
  [
    'an unknown word for descendants',
    ['a'],
    { descendants: 'maybe' },
    "descendants must be 'kill' or 'keep', got \"maybe\"",
  ],
  [
    'a number for stdin',
    ['a'],
    { stdin: 5 },
    "stdin must be 'pipe', text, bytes, a Readable or { text }, got 5 (number)",
  ],
  ['more than fits', ['a', 'x'.repeat(1024 * 1024)], {}, 'argv and env must fit into'],
]

describe('a spawn call that breaks a rule', () => {
  const runner = new HostRunner({ supervisor: 'never' })
  test.each(bad)('%s', (_name, argv, options, message) => {
    expect(() => runner.spawn(argv as string[], options as SpawnOptions)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(message) }),
    )
  })

  test('is refused by run as a rejection', async () => {
    await expect(runner.run([])).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    await expect(runner.run(['cat'], { stdin: 'pipe' })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    await expect(runner.run(['cat'], { maxOutputBytes: -1 })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    })
  })
})

describe('a spawn call', () => {
  test('gets its defaults', () => {
    expect(planSpawn(['true'], {})).toEqual({
      id: undefined,
      detached: false,
      spool: undefined,
      argv: ['true'],
      cwd: undefined,
      env: {},
      inheritEnv: [],
      secrets: [],
      user: undefined,
      stdin: { kind: 'none' },
      timeoutMs: undefined,
      idleTimeoutMs: undefined,
      graceMs: 2000,
      output: { dropsOldest: false, maxLineBytes: undefined },
      keepDescendants: false,
      signal: undefined,
    })
  })

  test.each(['root', '0', '0:0', 'www-data:1000', '_apt', 'a.b@c', 'host$'])('takes the user %s', (user) => {
    expect(planSpawn(['true'], { user }).user).toBe(user)
  })

  test('takes a timeout within the bounds of its runner', () => {
    expect(planSpawn(['true'], { timeoutMs: 10 }, { minimum: 10, maximum: 20 }).timeoutMs).toBe(10)
    expect(() => planSpawn(['true'], { timeoutMs: 21 }, { minimum: 10, maximum: 20 })).toThrow(
      'from 10 to 20',
    )
  })

  test('is not changed by what its caller changes later', () => {
    const argv = ['true']
    const env = { A: '1' }
    const plan = planSpawn(argv, { env })
    argv.push('x')
    env.A = '2'
    expect([plan.argv, plan.env]).toEqual([['true'], { A: '1' }])
  })
})
