import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { readScript } from '../../src/policy/read-script.js'
import { createRandom, seeded } from '../streaming/random.js'

test(`reads the words of a command as bash does, however they are quoted ${seeded}`, async () => {
  const { below, pick } = createRandom()
  const pieces = [
    ...['a', 'r', 'm', '-', '/', '.', '~', '=', ',', ':', '@', '%', '+', '#b', "''", '""', `'a b'`, `"a b"`],
    ...[
      `'"'`,
      `"'"`,
      `'\\'`,
      `"\\\\"`,
      `"\\""`,
      `"\\$"`,
      '"\\`"',
      `"\\a"`,
      '\\\\',
      '\\ ',
      "\\'",
      '\\"',
      '\\$',
    ],
    ...[
      '\\\n',
      '"\\\n"',
      `$'\\x72'`,
      `$'\\162'`,
      `$'\\u0072'`,
      `$'\\''`,
      `$'\\n'`,
      `$'\\\\'`,
      `$'a\\tb'`,
      `$"r"`,
    ],
    ...[`'é'`, '"日"', '\\;', '\\|', '\\&', `';'`, '"|"', `'$x'`, '"{a,b}"', '\\*', `'*'`, '"?"'],
  ]
  const lines = Array.from({ length: 400 }, () => {
    const words = Array.from({ length: 1 + below(3) }, () =>
      Array.from({ length: 1 + below(5) }, () => pick(pieces)).join(''),
    )
    return `printf %s\\\\0 x${words.join(' x')}`
  })
  const script = lines.map((line) => `${line}; printf '\\0'`).join('\n')
  // Outside of its POSIX mode bash takes the ~ of an argument like x=~ for a home folder, as no other shell does.
  const said = execFileSync('bash', ['--posix', '-c', script], { encoding: 'utf8' })
    .split('\0\0')
    .slice(0, -1)
  expect(said).toHaveLength(lines.length)
  for (const [at, line] of lines.entries()) {
    const { commands, problems } = await readScript(line)
    expect({ line, words: commands[0]?.slice(2), problems }).toEqual({
      line,
      words: said[at]?.split('\0'),
      problems: [],
    })
  }
})

test('a program that is only known when it runs never passes for one that is known', async () => {
  for (const word of [
    '$x',
    '"$x"',
    '${x}',
    '$(x)',
    '`x`',
    'r$x',
    '"r${x}"',
    'r?',
    'r*',
    'r[m]',
    '{r,m}',
    '@(r)m',
  ]) {
    const { commands } = await readScript(`${word} a`)
    expect(commands.map(([program]) => typeof program)).toContain('object')
  }
})
