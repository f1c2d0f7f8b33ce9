#!/usr/bin/env node
// npm run quickstart: everything that examples/quickstart.ts needs, then the example itself.
import { existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { ensureBuild } from './ensure-build.mjs'
import { ensureDependencies } from './ensure-dependencies.mjs'
import { ensureEngine } from './engine.mjs'
import { ensureImages } from './images.mjs'
import { ROOT, runHere } from './lib/project.mjs'
import { runMain, say } from './lib/say.mjs'

await runMain(async () => {
  await ensureDependencies()
  const endpoint = await ensureEngine()
  say('engine', endpoint)
  await ensureImages(endpoint, ['claude-code'])
  await ensureBuild(endpoint)
  linkExamples()
  const program = [join(ROOT, 'node_modules/ts-node/dist/bin.js'), '--project', 'examples/tsconfig.json']
  return runHere(process.execPath, [...program, 'examples/quickstart.ts'], { DOCKER_HOST: endpoint })
})

/** The examples import the package by its name, as if it were installed beside them. */
function linkExamples() {
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
