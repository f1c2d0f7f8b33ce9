import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { say } from '../../docker/scripts/lib/say.mjs'
import { gccCommand, gccName, muslFolder, zigCommand } from './commands.mjs'

const answers = ([command, ...args]) =>
  spawnSync(command, args, { stdio: 'ignore', timeout: 60_000 }).status === 0

const zigs = [['zig'], ['python3', '-m', 'ziglang']]
let zig

function findZig() {
  zig ??= zigs.find((candidate) => answers([...candidate, 'version'])) ?? false
  return zig
}

/** How to compile for an architecture on this machine; undefined where nothing here can. */
export function findCompiler(architecture) {
  const hasMusl = existsSync(join(muslFolder(architecture), 'rcrt1.o'))
  if (process.platform === 'linux' && hasMusl && answers([gccName(architecture), '--version'])) {
    return { name: gccName(architecture), command: (options) => gccCommand(architecture, options) }
  }
  const found = findZig()
  return found && { name: found.join(' '), command: (options) => zigCommand(found, architecture, options) }
}

/** The bytes of the binary. */
export function compileHere(architecture, compiler, { folder, files, flags, version }) {
  say('supervisor', `compiling for ${architecture} with ${compiler.name}`)
  const work = mkdtempSync(join(tmpdir(), 'anyon-supervisor-'))
  try {
    const output = join(work, 'supervisor')
    const sources = files.filter(({ name }) => name.endsWith('.c')).map(({ name }) => join(folder, name))
    const [command, ...args] = compiler.command({ flags, version, files: sources, output })
    const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' })
    if (status !== 0) throw new Error(`${compiler.name} ended with ${status}:\n${stderr}`)
    return readFileSync(output)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}
