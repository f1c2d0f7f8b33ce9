#!/usr/bin/env node
// Tries the supervisor itself: its tests against a build with AddressSanitizer and UndefinedBehaviorSanitizer, then
// each fuzzer for some seconds. Installs a compiler where the machine has none and lets us.
//   node supervisor/check.mjs [seconds of each fuzzer, 30 if not given]
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installPackages } from '../docker/scripts/lib/install-engine.mjs'
import { runHere } from '../docker/scripts/lib/project.mjs'
import { runMain, say, SetupError } from '../docker/scripts/lib/say.mjs'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const MOST_LINES = 300

/** The sanitizers are part of gcc, but not of every installation of it. */
function canCompile() {
  const program = { input: 'int main(void) { return 0; }' }
  const args = ['-x', 'c', '-fsanitize=address,undefined', '-o', '/dev/null', '-']
  const answers = [
    spawnSync('gcc', args, { ...program, encoding: 'utf8' }),
    spawnSync('make', ['--version'], { stdio: 'ignore' }),
  ]
  return answers.every(({ status }) => status === 0)
}

function checkLengths() {
  for (const folder of ['src', 'fuzz']) {
    for (const name of readdirSync(join(HERE, folder))) {
      const lines = readFileSync(join(HERE, folder, name), 'utf8').split('\n').length - 1
      if (lines > MOST_LINES)
        throw new SetupError(`supervisor/${folder}/${name} has ${lines} lines, more than ${MOST_LINES}.`)
    }
  }
}

await runMain(async () => {
  const seconds = process.argv[2] ?? '30'
  checkLengths()
  if (!canCompile()) await installPackages(['gcc', 'libc6-dev', 'make'])
  for (const goals of [['check-sanitized'], ['fuzz', `SECONDS=${seconds}`]]) {
    say('supervisor', `make ${goals.join(' ')}`)
    const code = await runHere('make', ['-j2', '-C', HERE, ...goals], {})
    if (code !== 0) return code
  }
  return 0
})
