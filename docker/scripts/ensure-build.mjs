#!/usr/bin/env node
// Builds the library and its supervisor where dist/ is missing or older than the sources.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hashOf } from './lib/hash.mjs'
import { ROOT, rootLock, runHere } from './lib/project.mjs'
import { runMain, say, SetupError } from './lib/say.mjs'

const SOURCES = ['src', 'supervisor', '.rolldown.mjs', 'package.json', 'package-lock.json', 'tsconfig.json']
const RESULT = join(ROOT, 'dist/index.cjs')
const STAMP = join(ROOT, 'node_modules/.cache/anyon/build-hash')

/** `endpoint` is the engine that compiles the supervisor where there is no compiler. */
export async function ensureBuild(endpoint) {
  if (isCurrent(sourceHash())) return
  await rootLock('build', async () => {
    const hash = sourceHash()
    if (isCurrent(hash)) return
    say('build', 'npm run build')
    const code = await runHere('npm', ['run', '--silent', 'build'], { DOCKER_HOST: endpoint })
    if (code !== 0) throw new SetupError(`npm run build ended with ${code} (see above).`)
    mkdirSync(join(STAMP, '..'), { recursive: true })
    writeFileSync(STAMP, hash)
  })
}

function isCurrent(hash) {
  return existsSync(RESULT) && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === hash
}

function sourceHash() {
  return hashOf(
    SOURCES.map((name) => join(ROOT, name)),
    { ignore: /^build$/ },
  )
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runMain(async () => {
    const { ensureEngine } = await import('./engine.mjs')
    await ensureBuild(await ensureEngine())
  })
}
