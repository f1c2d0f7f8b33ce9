#!/usr/bin/env node
// npm test: everything that the tests need, then all of them. Arguments go to vitest.
import { join } from 'node:path'
import { ensureBuild } from './ensure-build.mjs'
import { ensureDependencies } from './ensure-dependencies.mjs'
import { ensureEngine } from './engine.mjs'
import { ensureImages } from './images.mjs'
import { ROOT, runHere } from './lib/project.mjs'
import { runMain, say } from './lib/say.mjs'
import { sweep } from './lib/sweep.mjs'
import { ensureTestTools } from './lib/test-tools.mjs'

await runMain(async () => {
  await ensureDependencies()
  const endpoint = await ensureEngine()
  say('engine', endpoint)
  await ensureTestTools()
  await ensureImages(endpoint)
  await ensureBuild(endpoint)
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs')
  const code = await runHere(process.execPath, [vitest, 'run', ...process.argv.slice(2)], {
    ANYON_TEST_ENGINE: endpoint,
  })
  for (const what of await sweep(endpoint)) say('sweep', `removed ${what}, which a test left`)
  return code
})
