import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { extractTar } from '../../src/archives/extract-tar.js'
import { buildContext } from '../../src/images/build-context.js'
import { parseDockerignore } from '../../src/images/dockerignore.js'
import { readdir } from 'node:fs/promises'

describe('rules', () => {
  it.each<[rules: string, ignored: string[], kept: string[]]>([
    ['node_modules', ['node_modules', 'node_modules/a/b'], ['src/node_modules', 'node_modules2']],
    ['/node_modules/', ['node_modules', 'node_modules/a'], ['a/node_modules']],
    ['*.md', ['a.md', '.md'], ['docs/a.md', 'a.mdx']],
    ['*/temp*', ['a/temp', 'a/temporary/x'], ['temp', 'a/b/temp']],
    ['**/*.log', ['x.log', 'a/x.log', 'a/b/c/x.log'], ['x.log2', 'xlog']],
    ['**/build', ['build', 'a/build/x', 'a/b/build'], ['rebuild', 'build2']],
    ['docs/**', ['docs/a', 'docs/a/b'], ['docs', 'docs2/a']],
    ['a/**/z', ['a/z', 'a/b/z', 'a/b/c/z/y'], ['az', 'b/a/z']],
    ['temp?', ['temp1', 'tempa/x'], ['temp', 'temp12', 'temp/']],
    ['[ab].txt', ['a.txt', 'b.txt'], ['c.txt', 'ab.txt']],
    ['[^a-c].txt', ['d.txt'], ['a.txt', 'c.txt']],
    ['\\*.txt', ['*.txt'], ['a.txt']],
    ['a.b+(c)', ['a.b+(c)'], ['axb+(c)', 'a.bb(c)']],
    ['*.md\n!README.md', ['a.md'], ['README.md']],
    ['!README.md\n*.md', ['README.md', 'a.md'], []],
    ['*\n!src\nsrc/secret', ['a', '.env', 'src/secret', 'src/secret/x'], ['src', 'src/a']],
    ['**\n!**/*.js', ['a', 'b/c'], ['a.js', 'b/c/d.js']],
    ['# comment\n\n  spaced  \n #not a comment', ['spaced', '#not a comment'], ['# comment', 'comment']],
    ['\uFEFFfirst\r\nsecond\r', ['first', 'second'], []],
    ['./a/../b', ['b'], ['a']],
    ['.', ['a', 'b/c'], []],
    ['! exception\nx', ['x'], ['exception']],
    ['', [], ['a']],
  ])('%j', (rules, ignored, kept) => {
    const { isIgnored } = parseDockerignore(rules)
    expect(
      ignored.filter((path) => !isIgnored(path)),
      'should be ignored',
    ).toEqual([])
    expect(
      kept.filter((path) => isIgnored(path)),
      'should be kept',
    ).toEqual([])
  })

  it.each(['!', '[z-a]'])('%j is refused', (rules) => {
    expect(() => parseDockerignore(rules)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })
})

describe('a context', () => {
  let base: string
  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'anyon-context-'))
  })
  afterEach(() => rm(base, { recursive: true, force: true }))

  async function contextOf(files: Record<string, string>, dockerfile = 'Dockerfile'): Promise<string[]> {
    const folder = await mkdtemp(join(base, 'in-'))
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true })
      await writeFile(join(folder, path), text)
    }
    const out = await mkdtemp(join(base, 'out-'))
    await extractTar(await buildContext(folder, dockerfile), out)
    const found = await readdir(out, { recursive: true, withFileTypes: true })
    return found
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(out.length + 1))
      .sort()
  }

  it('holds what the rules leave, and always the Dockerfile and the rules', async () => {
    const files = {
      Dockerfile: 'FROM x',
      'a/keep.js': '',
      'a/drop.txt': '',
      'b/c/d.txt': '',
      '.dockerignore': '*\n!a/*.js',
    }
    expect(await contextOf(files)).toEqual(['.dockerignore', 'Dockerfile', 'a/keep.js'])
  })

  it('takes the rules of the Dockerfile before those of the folder', async () => {
    const files = {
      'build/Dockerfile.x': 'FROM x',
      'build/Dockerfile.x.dockerignore': 'one\nbuild',
      '.dockerignore': 'two',
      one: '',
      two: '',
    }
    expect(await contextOf(files, 'build/Dockerfile.x')).toEqual([
      '.dockerignore',
      'build/Dockerfile.x',
      'two',
    ])
  })

  it('is refused without a Dockerfile, or with one elsewhere', async () => {
    await expect(buildContext(base, 'Dockerfile')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
    await expect(buildContext(join(base, 'nope'), 'Dockerfile')).rejects.toMatchObject({
      code: 'PATH_NOT_FOUND',
    })
    await expect(buildContext(base, '../Dockerfile')).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })
})
