// node bench/run.mjs [name ...] [--rounds n] [--json file]
// Runs bench/*.bench.mjs (all, or those named), prints a table, exits with 1 when a bar is not met.
import { readdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { judge, measure, median, table } from './support/measure.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' }, rounds: { type: 'string' } },
})

const here = new URL('.', import.meta.url)
const files = readdirSync(here).filter((file) => file.endsWith('.bench.mjs'))
const names = files.map((file) => file.replace('.bench.mjs', ''))
const unknown = positionals.filter((name) => !names.includes(name))
if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(', ')}; there are: ${names.join(', ')}.`)
  process.exit(2)
}

const results = []
for (const name of names) {
  if (positionals.length > 0 && !positionals.includes(name)) continue
  process.stderr.write(`${name} ...\n`)
  try {
    results.push(await runBench(await import(new URL(`${name}.bench.mjs`, here))))
  } catch (error) {
    console.error(`${name} failed:`, error)
    results.push({ name, error: String(error), lines: [{ met: false }] })
  }
}

const lines = results.filter(({ error }) => error === undefined).flatMap(({ lines }) => lines)
console.log(table(lines))
if (values.json !== undefined) {
  const machine = { node: process.version, cpu: cpus()[0]?.model, cpus: cpus().length }
  writeFileSync(values.json, JSON.stringify({ at: new Date(), machine, results }, null, 2))
}
process.exit(results.every(({ lines }) => lines.every(({ met }) => met !== false)) ? 0 : 1)

async function runBench({ name, unit, bars, rounds, contenders, close }) {
  const count = Number(values.rounds ?? rounds)
  try {
    const figures = await measure(await contenders(), count)
    const medians = Object.fromEntries(Object.entries(figures).map(([who, all]) => [who, median(all)]))
    return {
      name,
      unit,
      rounds: count,
      medians,
      lines: bars.map((bar) => judge(bar, figures, unit)),
      figures,
    }
  } finally {
    await close?.()
  }
}
