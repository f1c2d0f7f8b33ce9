import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const exec = promisify(execFile)
const root = resolve(import.meta.dirname, '../..')
const dist = join(root, 'dist')

/**
 * What importing the package may cost is a tenth of dockerode, and reading and compiling is most of it. Where this is
 * exceeded, find what is not needed before something asynchronous was called, and have that call `import()` it.
 */
const mostBytes = 155_000
const mostFiles = 2

/** Built-in modules that cost nothing, since Node itself has loaded them. */
const builtins = ['events', 'path']

test('the ESM entry loads little', async () => {
  const imported = new Set<string>()
  const texts = new Map<string, string>()
  const load = async (file: string): Promise<void> => {
    const text = await readFile(join(dist, file), 'utf8')
    texts.set(file, text)
    for (const [, specifier = ''] of text.matchAll(/(?:\bfrom|\bimport)\s*["'`]([\w@./:-]+)["'`]/g)) {
      if (!specifier.startsWith('./')) imported.add(specifier)
      else if (!texts.has(basename(specifier))) await load(basename(specifier))
    }
  }
  await load('index.js')
  expect([...imported].filter((name) => !builtins.includes(name.replace('node:', '')))).toEqual([])
  check([...texts.values()])
})

test('the CommonJS entry loads little', async () => {
  const script = `require('@anyon/containers'); console.log(JSON.stringify(Object.keys(require.cache)))`
  const { stdout } = await exec(process.execPath, ['--eval', script], { cwd: root })
  const files = JSON.parse(stdout) as string[]
  expect(files.filter((file) => !file.startsWith(join(dist, '/')))).toEqual([])
  check(await Promise.all(files.map((file) => readFile(file, 'utf8'))))
})

function check(texts: string[]): void {
  expect(texts.length).toBeGreaterThan(0)
  expect(texts.length).toBeLessThanOrEqual(mostFiles)
  expect(texts.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(mostBytes)
  // A single character beyond Latin-1 makes the engine keep and read the whole text at two bytes a character.
  for (const text of texts) expect(text).not.toMatch(/[^\x00-\xff]/)
}
