import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const SUPERVISOR = fileURLToPath(new URL('..', import.meta.url))
export const ARCHITECTURES = ['x64', 'arm64']
export const mostBytes = 128 * 1024

export const binaryName = (architecture) => `anyon-supervisor-linux-${architecture}`

/** The sources, the flags and the version, and a hash over all that decides the result. */
export function readSources() {
  const folder = join(SUPERVISOR, 'src')
  const names = readdirSync(folder)
    .filter((name) => /\.[ch]$/.test(name))
    .sort()
  const files = names.map((name) => ({ name, bytes: readFileSync(join(folder, name)) }))
  const flags = readFileSync(join(SUPERVISOR, 'flags.txt'), 'utf8').trim().split('\n')
  const { version } = JSON.parse(readFileSync(join(SUPERVISOR, '../package.json'), 'utf8'))
  const commands = readFileSync(new URL('commands.mjs', import.meta.url), 'utf8')
  const hash = createHash('sha256').update(JSON.stringify([version, flags, commands]))
  for (const { name, bytes } of files) hash.update(`\0${name}\0`).update(bytes)
  return { folder, files, flags, version, hash: hash.digest('hex') }
}
