import { execFile } from 'node:child_process'
import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { installPackage, nodeBinaries, nodeMajors, type InstalledPackage } from './installed-package.js'

const exec = promisify(execFile)
const tools = resolve(import.meta.dirname, '../../node_modules/.bin')
let installed: InstalledPackage
let nodes: Map<number, string>

beforeAll(async () => {
  ;[installed, nodes] = await Promise.all([installPackage(), nodeBinaries()])
}, 240_000)
afterAll(() => installed.remove())

const expected = {
  exports: ['function', 'function'],
  exit: ['exited', 7, 'out\n', 'err\n'],
  refusal: [true, true, 'ENGINE_UNREACHABLE'],
}

describe.each(nodeMajors)('on Node %i', (major) => {
  test.each(['esm/use.mjs', 'cjs/use.cjs'])('%s runs', async (file) => {
    const { stdout, stderr } = await installed.run(nodes.get(major) ?? 'node', join(installed.dir, file))
    expect(JSON.parse(stdout)).toEqual(expected)
    expect(stderr).toBe('')
  })
})

test('importing loads neither the engine client nor what it brings', async () => {
  const { stdout } = await installed.run('node', 'loaded.cjs')
  expect(JSON.parse(stdout)).toEqual([])
})

test('nothing internal is reachable', async () => {
  for (const path of ['dist/index.js', 'src/index.ts', 'supervisor', 'engine/connect-engine']) {
    const script = `require.resolve('@anyon/containers/${path}')`
    await expect(installed.run('node', '-e', script)).rejects.toThrow('ERR_PACKAGE_PATH_NOT_EXPORTED')
  }
})

test('no published type names a vendor', async () => {
  const dist = join(installed.dir, 'node_modules/@anyon/containers/dist')
  const declarations = (await readdir(dist)).filter((file) => /\.d\.[cm]?ts$/.test(file))
  expect(declarations.length).toBeGreaterThanOrEqual(2)
  for (const file of declarations) {
    expect(await readFile(join(dist, file), 'utf8')).not.toMatch(
      /from ['"](dockerode|docker-modem|tar-stream)['"]/,
    )
  }
})

test.each([
  ['ESM', 'module'],
  ['CommonJS', 'commonjs'],
])('types check for %s users, without skipLibCheck', async (_, type) => {
  await writeFile(join(installed.dir, 'package.json'), JSON.stringify({ name: 'user', private: true, type }))
  const flags = '--noEmit --strict --exactOptionalPropertyTypes --module nodenext --target es2022'
  const libs = ['--lib', 'es2023,esnext.disposable', '--types', 'node']
  const roots = ['--typeRoots', resolve(import.meta.dirname, '../../node_modules/@types')]
  await exec(join(tools, 'tsc'), [...flags.split(' '), ...libs, ...roots, 'types.ts'], { cwd: installed.dir })
})

test('publint and attw find nothing', async () => {
  await exec(join(tools, 'publint'), ['--strict', installed.tarball])
  await exec(join(tools, 'attw'), [installed.tarball, '--profile', 'node16'])
})

test('the tarball holds the build, both supervisors, and nothing else', () => {
  expect(installed.files).toEqual(
    expect.arrayContaining([
      'dist/index.js',
      'dist/index.cjs',
      'dist/supervisor/anyon-supervisor-linux-x64',
      'dist/supervisor/anyon-supervisor-linux-arm64',
    ]),
  )
  expect(
    installed.files.filter(
      (file) => !/^(dist\/|(package\.json|README\.md|CHANGELOG\.md|LICENSE)$)/.test(file),
    ),
  ).toEqual([])
})
