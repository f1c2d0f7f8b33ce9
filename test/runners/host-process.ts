import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'tsup'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The fixture `host.ts` as a program of its own. */
export interface HostProgram {
  /** Starts it; resolves when the command it runs has printed its first line. */
  start(...args: string[]): Promise<ChildProcess>
  remove(): Promise<void>
}

export async function buildHostProgram(): Promise<HostProgram> {
  const parent = join(root, 'node_modules/.cache')
  await mkdir(parent, { recursive: true })
  const folder = await mkdtemp(join(parent, 'anyon-host-'))
  await symlink(join(root, 'dist/supervisor'), join(folder, 'supervisor'))
  await build({
    entry: [join(root, 'test/runners/fixtures/host.ts')],
    outDir: folder,
    format: 'esm',
    outExtension: () => ({ js: '.mjs' }),
    config: false,
    silent: true,
    clean: false,
  })
  return {
    async start(...args) {
      const child = spawn(process.execPath, [join(folder, 'host.mjs'), ...args], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      await once(child.stdout, 'data')
      return child
    },
    remove: () => rm(folder, { recursive: true }),
  }
}
