import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

const exec = promisify(execFile)
const root = resolve(import.meta.dirname, '../..')
const npmFlags = ['--no-audit', '--no-fund', '--ignore-scripts', '--omit=optional', '--loglevel=error']

/** The Node.js lines that the package promises to run on. */
export const nodeMajors = [20, 22, 24, 26] as const

/** A project that has installed the packed tarball, as a user would. */
export interface InstalledPackage {
  readonly dir: string
  readonly tarball: string
  /** The files that the tarball brings. */
  readonly files: readonly string[]
  run(node: string, ...args: string[]): Promise<{ stdout: string; stderr: string }>
  remove(): Promise<void>
}

/** Packs the built package and installs the tarball into a new folder beside the projects that use it. */
export async function installPackage(): Promise<InstalledPackage> {
  const dir = await mkdtemp(join(tmpdir(), 'anyon-installed-'))
  const packed = await exec('npm', ['pack', '--json', '--pack-destination', dir], { cwd: root })
  const [report] = JSON.parse(packed.stdout.slice(packed.stdout.indexOf('['))) as [
    { filename: string; files: { path: string }[] },
  ]
  const tarball = join(dir, report.filename)
  await cp(join(import.meta.dirname, 'projects'), dir, { recursive: true })
  await writeFile(join(dir, 'package.json'), JSON.stringify({ name: 'user', private: true }))
  await exec('npm', ['install', ...npmFlags, tarball], { cwd: dir })
  return {
    dir,
    tarball,
    files: report.files.map(({ path }) => path),
    run: (node, ...args) => exec(node, args, { cwd: dir }),
    remove: () => rm(dir, { recursive: true, force: true }),
  }
}

/** Paths of the Node.js binaries by major version, from npm, kept under node_modules between runs. */
export async function nodeBinaries(): Promise<Map<number, string>> {
  const dir = join(root, 'node_modules/.cache/node-binaries')
  await mkdir(dir, { recursive: true })
  const missing = await missingOf(dir)
  if (missing.length > 0) {
    await writeFile(join(dir, 'package.json'), JSON.stringify({ private: true }))
    const platform = `node-${process.platform}-${process.arch}`
    const wanted = nodeMajors.map((major) => `node${major}@npm:${platform}@${major}`)
    await exec('npm', ['install', ...npmFlags, ...wanted], { cwd: dir })
  }
  return new Map(nodeMajors.map((major) => [major, join(dir, `node_modules/node${major}/bin/node`)]))
}

async function missingOf(dir: string): Promise<number[]> {
  const there = await readdir(join(dir, 'node_modules')).catch((): string[] => [])
  return nodeMajors.filter((major) => !there.includes(`node${major}`))
}
