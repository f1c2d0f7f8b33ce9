import { readdirSync, statSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { openWorkbench } from './support/workbench.mjs'

const folder = fileURLToPath(new URL('../dist/supervisor/', import.meta.url))
const COMMANDS = 50

export const name = 'supervisor'
export const unit = 'KB'
export const rounds = 3
export const bars = [
  { what: 'supervisor on disk, the larger one', of: 'disk', atMost: 128 },
  { what: 'supervisor, memory of its own, idle', of: 'idle, own', atMost: 512 },
  { what: 'supervisor, memory of its own, for each running command', of: 'command, own', atMost: 200 },
  { what: 'the same with the program itself, which all share: idle', of: 'idle' },
  { what: 'the same for each running command', of: 'command' },
]

let bench

export async function contenders() {
  bench = await openWorkbench()
  return {
    async sizes() {
      const binaries = readdirSync(folder).filter((file) => file.startsWith('anyon-supervisor-'))
      const disk = Math.max(...binaries.map((file) => statSync(folder + file).size)) / 1024
      const { container, runner } = await bench.container()
      const before = await memory(container)
      const commands = Array.from({ length: COMMANDS }, () => runner.spawn(['sleep', '1000']))
      await Promise.all(commands.map(({ started }) => started))
      const after = await memory(container)
      await Promise.all(commands.map((command) => command.close()))
      return {
        disk,
        idle: before.resident,
        'idle, own': before.own,
        command: (after.resident - before.resident) / COMMANDS,
        'command, own': (after.own - before.own) / COMMANDS,
      }
    },
  }
}

export const close = () => bench?.close()

/** Of all processes that run the supervisor's program, by an exec of the engine, which no supervisor knows of. */
async function memory(container) {
  const script = 'for p in /proc/[0-9]*; do [ "$(cat $p/comm)" = supervisor ] && cat $p/status; done; true'
  const statuses = await text(container.exec(['sh', '-c', script]).stdout)
  const sum = (field) =>
    [...statuses.matchAll(new RegExp(`^${field}:\\s*(\\d+)`, 'gm'))].reduce(
      (all, [, kb]) => all + Number(kb),
      0,
    )
  return { resident: sum('VmRSS'), own: sum('RssAnon') }
}
