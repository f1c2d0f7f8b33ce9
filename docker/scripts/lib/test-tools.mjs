import { spawnSync } from 'node:child_process'
import { hasCommand, installPackages } from './install-engine.mjs'

/** What tests run on the host beside Node and the engine, and Debian's package of it. */
const PACKAGES = { git: 'git', openssl: 'openssl', docker: 'docker.io', ps: 'procps', perl: 'perl' }

/** What the Node.js of later lines is linked with, and Debian's package of it. */
const LIBRARIES = { 'libatomic.so.1': 'libatomic1' }

function hasLibrary(name) {
  if (process.platform !== 'linux') return true
  const { stdout, status } = spawnSync('ldconfig', ['-p'], { encoding: 'utf8' })
  return status !== 0 || stdout.includes(name)
}

/** Installs what the tests need and what is not there; says what to type where it may not. */
export async function ensureTestTools() {
  const missing = [
    ...Object.keys(PACKAGES).filter((program) => !hasCommand(program)),
    ...Object.keys(LIBRARIES).filter((library) => !hasLibrary(library)),
  ]
  const packages = missing.map((what) => PACKAGES[what] ?? LIBRARIES[what])
  if (packages.length > 0) await installPackages(packages)
}
