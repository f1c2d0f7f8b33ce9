import { expect, test } from 'vitest'
import { readStatements, unquote } from '../../src/sessions/shell-text.js'

test.each([
  ['plain', 'plain'],
  [`'a b'`, 'a b'],
  [`'it'"'"'s'`, `it's`],
  [`'it'\\''s'`, `it's`],
  [`"\\"\\$x\\" \\\`y\\\` \\\\ \\n"`, '"$x" `y` \\ \\n'],
  [`$'a\\n\\t\\'\\\\ \\001\\377\\x41\\E'`, "a\n\t'\\ \x01\xff\x41\x1b"],
  [`a\\ b`, 'a b'],
  [`'two\nlines'`, 'two\nlines'],
  [`''`, ''],
])('%j stands for %j', (word, value) => {
  expect(unquote(word)).toBe(value)
})

test('statements end at newlines that are not quoted, words at spaces', () => {
  const listing = `declare -x A="1\n2 \\" '"\ndeclare -a b=([0]="x y" [1]=$'\\'\\n')\nq='it'"'"'s a'\n\nreadonly R\n`
  expect(readStatements(listing)).toEqual([
    { text: `declare -x A="1\n2 \\" '"`, words: ['declare', '-x', `A="1\n2 \\" '"`] },
    {
      text: `declare -a b=([0]="x y" [1]=$'\\'\\n')`,
      words: ['declare', '-a', `b=([0]="x y" [1]=$'\\'\\n')`],
    },
    { text: `q='it'"'"'s a'`, words: [`q='it'"'"'s a'`] },
    { text: 'readonly R', words: ['readonly', 'R'] },
  ])
})

test('what is torn hangs nothing and throws nothing', () => {
  const listing = `declare -x A="1\n2 \\" '"\ndeclare -a b=([0]="x y" [1]=$'\\'\\n')\nq='it'"'"'s'\n`
  for (let cut = 0; cut <= listing.length; cut++) {
    for (const { words } of readStatements(listing.slice(cut))) for (const word of words) unquote(word)
    for (const { words } of readStatements(listing.slice(0, cut))) for (const word of words) unquote(word)
  }
})
