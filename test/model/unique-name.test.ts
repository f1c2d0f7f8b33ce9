import { expect, test } from 'vitest'
import { containerNamePattern, uniqueName } from '../../src/model/unique-name.js'

test('names never repeat and are what engines accept', () => {
  const names = Array.from({ length: 10_000 }, () => uniqueName('try'))
  expect(new Set(names).size).toBe(names.length)
  for (const name of names) expect(name).toMatch(containerNamePattern)
  expect(names[0]).toMatch(/^try-/)
})

test.each(['', '-a', 'a/b', 'ä', 'x'.repeat(101)])('the prefix %j is refused', (prefix) => {
  expect(() => uniqueName(prefix)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
})
