import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

export const name = 'import'
export const unit = 'ms'
export const rounds = 15
export const bars = [
  { what: 'import, over an empty module', against: 'dockerode', over: 'empty', atMost: 0.1 },
]

export function contenders() {
  if (!existsSync(`${root}dist/index.js`)) throw new Error('dist/ is missing: run `npm run build` first')
  return {
    ours: () => importTime('@anyon/containers'),
    dockerode: () => importTime('dockerode'),
    empty: () => importTime('data:text/javascript,'),
  }
}

/** Milliseconds that one import takes in a fresh process. The package finds itself by its own name. */
function importTime(specifier) {
  const script = `const at = performance.now(); await import(${JSON.stringify(specifier)}); console.log(performance.now() - at)`
  const options = { cwd: root, encoding: 'utf8' }
  return Number(execFileSync(process.execPath, ['--input-type=module', '--eval', script], options))
}
