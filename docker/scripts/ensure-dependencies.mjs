#!/usr/bin/env node
// Installs the dependencies where they are missing, or other than package-lock.json says.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ROOT, runHere, rootLock } from './lib/project.mjs'
import { runMain, say, SetupError } from './lib/say.mjs'

const QUIET = ['--no-audit', '--no-fund', '--loglevel=error']

export async function ensureDependencies() {
  if (!isStale()) return
  await rootLock('dependencies', async () => {
    if (!isStale()) return
    say('dependencies', 'npm install (about a minute)')
    // Not `npm ci`: it refuses a lock file without the optional packages of platforms that a registry lacks.
    const code = await runHere('npm', ['install', '--no-save', '--include=dev', ...QUIET])
    if (code !== 0) throw new SetupError(`npm install ended with ${code} (see above).`)
  })
}

/** npm writes down what it installed: that, held against what is asked for. */
function isStale() {
  const wanted = lockOf('package-lock.json')
  const installed = lockOf('node_modules/.package-lock.json')
  // What is optional may belong to another platform.
  const isThere = ([path, entry]) =>
    path === '' || entry.optional || installed[path]?.version === entry.version
  return !Object.entries(wanted).every(isThere)
}

function lockOf(path) {
  try {
    return JSON.parse(readFileSync(join(ROOT, path), 'utf8')).packages
  } catch (error) {
    if (error.code === 'ENOENT') return {}
    throw error
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runMain(ensureDependencies)
