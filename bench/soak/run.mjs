// node bench/soak/run.mjs [name ...] [--short] [--commands n] [--deaths n] [--cuts n] [--passes n] [--seed n] [--json file]
// Runs bench/soak/*.soak.mjs (all, or those named) until they have done so much, and exits with 1 when anything of it
// went wrong. `--short` is the form for CI, of about a minute.
import { readdirSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { openWorkbench } from '../support/workbench.mjs'
import { table } from '../support/measure.mjs'

const LONG = { commands: 10_000, deaths: 100, cuts: 1_000, passes: 15 }
const SHORT = { commands: 300, deaths: 4, cuts: 25, passes: 1 }

const text = { type: 'string' }
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    short: { type: 'boolean' },
    commands: text,
    deaths: text,
    cuts: text,
    passes: text,
    seed: text,
    json: text,
  },
})
const counts = values.short ? SHORT : LONG
const options = Object.fromEntries(
  Object.entries(counts).map(([name, usual]) => [name, Number(values[name] ?? usual)]),
)
options.seed = Number(values.seed ?? Date.now() % 1_000_000)

const here = new URL('.', import.meta.url)
const names = readdirSync(here).flatMap((file) => /^(.*)\.soak\.mjs$/.exec(file)?.[1] ?? [])
const unknown = positionals.filter((name) => !names.includes(name))
if (unknown.length > 0) {
  console.error(`There is no soak ${unknown.join(', ')}; there are: ${names.join(', ')}.`)
  process.exit(2)
}

const findings = []
for (const name of names.filter((name) => positionals.length === 0 || positionals.includes(name))) {
  const startedAt = performance.now()
  process.stderr.write(`${name} ...\n`)
  findings.push(...(await soak(name)))
  process.stderr.write(`${name}: ${Math.round((performance.now() - startedAt) / 1000)} s\n`)
}
console.log(table(findings.map(lineOf)))
if (values.json !== undefined) {
  writeFileSync(values.json, JSON.stringify({ at: new Date(), options, findings }, null, 2))
}
process.exit(findings.every(isGood) ? 0 : 1)

/** @returns {Promise<{ what: string, value: number, unit?: string, atLeast?: number, atMost?: number }[]>} */
async function soak(name) {
  const bench = await openWorkbench()
  try {
    const { run } = await import(new URL(`${name}.soak.mjs`, here))
    return await run(bench, options)
  } catch (error) {
    console.error(`${name} failed:`, error)
    return [{ what: `${name}: failed`, value: 1, atMost: 0 }]
  } finally {
    await bench.close()
  }
}

function isGood({ value, atLeast = -Infinity, atMost = Infinity }) {
  return value >= atLeast && value <= atMost
}

function lineOf(finding) {
  const { what, value, unit = '', atLeast, atMost } = finding
  const bar = atLeast !== undefined ? `>= ${atLeast}` : atMost !== undefined ? `<= ${atMost}` : ''
  return { what, of: '', unit, ours: value, bar, met: bar === '' ? undefined : isGood(finding) }
}
