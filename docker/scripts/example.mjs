#!/usr/bin/env node
// npm run example NAME [argument...]: examples/NAME.ts, with everything that it needs.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './lib/project.mjs'
import { runExample } from './lib/run-example.mjs'
import { runMain, SetupError } from './lib/say.mjs'

await runMain(() => {
  const [name = '', ...args] = process.argv.slice(2)
  if (!/^[\w-]+$/.test(name) || !existsSync(join(ROOT, `examples/${name}.ts`))) {
    throw new SetupError(`There is no example ${JSON.stringify(name)}; try: npm run example web-terminal`)
  }
  return runExample(name, args, ['busybox'])
})
