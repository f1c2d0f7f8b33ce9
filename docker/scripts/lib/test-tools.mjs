import { hasCommand, installPackages } from './install-engine.mjs'

/** What tests run on the host beside Node and the engine, and Debian's package of it. */
const PACKAGES = { git: 'git', openssl: 'openssl', docker: 'docker.io', ps: 'procps' }

/** Installs the programs that the tests need and that are not there; says what to type where it may not. */
export async function ensureTestTools() {
  const missing = Object.keys(PACKAGES).filter((program) => !hasCommand(program))
  if (missing.length > 0) await installPackages(missing.map((program) => PACKAGES[program]))
}
