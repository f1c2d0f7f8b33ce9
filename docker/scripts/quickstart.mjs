#!/usr/bin/env node
// npm run quickstart: everything that examples/quickstart.ts needs, then the example itself.
import { runExample } from './lib/run-example.mjs'
import { runMain } from './lib/say.mjs'

await runMain(() => runExample('quickstart', [], ['claude-code']))
