import { existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { ensureBuild } from '../ensure-build.mjs'
import { ensureDependencies } from '../ensure-dependencies.mjs'
import { ensureEngine } from '../engine.mjs'
import { ensureImages } from '../images.mjs'
import { ROOT, runHere } from './project.mjs'
import { say } from './say.mjs'

/** Runs examples/NAME.ts with everything that it needs, those images among it; resolves with its exit code. */
export async function runExample(name, args, images) {
  await ensureDependencies()
  const endpoint = await ensureEngine()
  say('engine', endpoint)
  await ensureImages(endpoint, images)
  await ensureBuild(endpoint)
  linkExamples()
  return runHere(process.execPath, exampleArguments(name, args), { DOCKER_HOST: endpoint })
}

/** What node is started with for an example. */
export function exampleArguments(name, args = []) {
  const program = join(ROOT, 'node_modules/ts-node/dist/bin.js')
  return [program, '--project', 'examples/tsconfig.json', `examples/${name}.ts`, ...args]
}

/** The examples import the package by its name, as if it were installed beside them. */
export function linkExamples() {
  const folder = join(ROOT, 'examples/node_modules/@anyon')
  const link = join(folder, 'containers')
  if (existsSync(link)) return
  mkdirSync(folder, { recursive: true })
  try {
    symlinkSync(ROOT, link, 'junction')
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
  }
}
