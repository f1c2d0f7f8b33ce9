import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'tsup'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A fixture as a program of its own. */
export interface HostProgram {
  /** Starts it; resolves when the command it runs has printed its first line. */
  start(...args: string[]): Promise<ChildProcess>
  /** The same, with what it reads on its stdin. */
  startWith(input: string, ...args: string[]): Promise<ChildProcess>
  remove(): Promise<void>
}

export async function buildHostProgram(fixture = 'host'): Promise<HostProgram> {
  const parent = join(root, 'node_modules/.cache')
  await mkdir(parent, { recursive: true })
  const folder = await mkdtemp(join(parent, 'anyon-host-'))
  await symlink(join(root, 'dist/supervisor'), join(folder, 'supervisor'))
  await build({
    entry: [join(root, `test/runners/fixtures/${fixture}.ts`)],
    outDir: folder,
    format: 'esm',
    outExtension: () => ({ js: '.mjs' }),
    config: false,
    silent: true,
    clean: false,
  })
  const startWith = async (input: string, ...args: string[]) => {
    const child = spawn(process.execPath, [join(folder, `${fixture}.mjs`), ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    child.stdin.end(input)
    await once(child.stdout, 'data')
    return child
  }
  return {
    startWith,
    start: (...args) => startWith('', ...args),
    remove: () => rm(folder, { recursive: true }),
  }
}
