#!/usr/bin/env node
// Compiles the supervisor into dist/supervisor, for both architectures: with the compilers that are here, else in
// the container engine.
//   node supervisor/build.mjs            where the sources have changed
//   node supervisor/build.mjs --check    fails unless both are there and current
//   node supervisor/build.mjs --engine   in the engine, whatever is here
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runMain, say, SetupError } from '../docker/scripts/lib/say.mjs'
import { compileHere, findCompiler } from './compile/compile-here.mjs'
import { compileInEngine } from './compile/compile-in-engine.mjs'
import { ARCHITECTURES, binaryName, mostBytes, readSources } from './compile/sources.mjs'

const OUT = fileURLToPath(new URL('../dist/supervisor', import.meta.url))
const MANIFEST = join(OUT, 'manifest.json')

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex')

function readManifest() {
  return existsSync(MANIFEST) ? JSON.parse(readFileSync(MANIFEST, 'utf8')) : { binaries: {} }
}

/** The architectures whose binary is there and made of these sources. */
function current(sources) {
  const { binaries } = readManifest()
  return ARCHITECTURES.filter((architecture) => {
    const entry = binaries[architecture]
    const path = join(OUT, binaryName(architecture))
    if (entry?.sources !== sources.hash || !existsSync(path)) return false
    return sha256(readFileSync(path)) === entry.sha256
  })
}

/** Renamed into place: a supervisor that runs from the old file goes on undisturbed. */
function replace(path, bytes, mode) {
  const temporary = `${path}.${process.pid}`
  writeFileSync(temporary, bytes, { mode })
  renameSync(temporary, path)
}

function store(architecture, bytes, sources) {
  if (bytes.length > mostBytes) {
    throw new Error(`the supervisor for ${architecture} has ${bytes.length} bytes, more than ${mostBytes}`)
  }
  mkdirSync(OUT, { recursive: true })
  replace(join(OUT, binaryName(architecture)), bytes, 0o755)
  const { binaries } = readManifest()
  const entry = {
    file: binaryName(architecture),
    sha256: sha256(bytes),
    size: bytes.length,
    sources: sources.hash,
  }
  const manifest = { version: sources.version, binaries: { ...binaries, [architecture]: entry } }
  replace(MANIFEST, `${JSON.stringify(manifest, undefined, 2)}\n`, 0o644)
  say('supervisor', `${entry.file}: ${entry.size} bytes`)
}

async function fromEngine(missing, sources) {
  try {
    const built = await compileInEngine(missing, sources)
    for (const architecture of missing) store(architecture, built[architecture], sources)
    return undefined
  } catch (error) {
    return error
  }
}

async function build(useEngine) {
  const sources = readSources()
  const done = current(sources)
  let missing = ARCHITECTURES.filter((architecture) => useEngine || !done.includes(architecture))
  if (missing.length === 0) return
  for (const architecture of useEngine ? [] : missing) {
    const compiler = findCompiler(architecture)
    if (compiler) store(architecture, compileHere(architecture, compiler, sources), sources)
  }
  if (!useEngine) missing = missing.filter((architecture) => !findCompiler(architecture))
  if (missing.length === 0) return
  const error = await fromEngine(missing, sources)
  if (!error) return
  const names = missing.join(' and ')
  const text = `The supervisor for ${names} could not be compiled: there is no compiler here (zig, or gcc with musl-dev), and in the container engine it failed:\n${error.message}`
  if (missing.includes(process.arch)) throw new SetupError(text)
  say(
    'supervisor',
    `${text}\nWithout it, the package cannot be packed, and no ${names} engine can be served.`,
  )
}

function check() {
  const sources = readSources()
  const done = current(sources)
  const missing = ARCHITECTURES.filter((architecture) => !done.includes(architecture))
  if (missing.length === 0) return
  throw new SetupError(
    `dist/supervisor lacks a current supervisor for ${missing.join(' and ')}.\nType: npm run build:supervisor`,
  )
}

await runMain(() => (process.argv.includes('--check') ? check() : build(process.argv.includes('--engine'))))
