import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { build } from 'tsup'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A fixture as a program of its own. */
export interface HostProgram {
  /** Starts it; resolves when the command it runs has printed its first line. */
  start(...args: string[]): Promise<ChildProcess>
  /** The same, with what it reads on its stdin. */
  startWith(input: string, ...args: string[]): Promise<ChildProcess>
  /** Runs it to its end: all that it writes to its outputs, and what it tells on descriptor 3. */
  run(input: string, args: string[], env?: NodeJS.ProcessEnv): Promise<HostOutput>
  remove(): Promise<void>
}

/** What a host process has written. */
export interface HostOutput {
  readonly code: number | null
  readonly stdout: Buffer
  readonly stderr: Buffer
  readonly told: Buffer
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
  const run = async (input: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<HostOutput> => {
    const child = spawn(process.execPath, [join(folder, `${fixture}.mjs`), ...args], {
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    })
    const ended = once(child, 'exit') as Promise<[number | null]>
    ;(child.stdin as Writable).end(input)
    const [stdout, stderr, told] = await Promise.all(
      child.stdio.slice(1, 4).map((stream) => buffer(stream as Readable)),
    )
    return { code: (await ended)[0], stdout: stdout!, stderr: stderr!, told: told! }
  }
  return {
    run,
    startWith,
    start: (...args) => startWith('', ...args),
    remove: () => rm(folder, { recursive: true }),
  }
}
