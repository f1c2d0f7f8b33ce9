import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { openWorkbench } from './support/workbench.mjs'

const host = fileURLToPath(new URL('support/stalled-reader.mjs', import.meta.url))

export const name = 'stalled-reader'
export const unit = 'MiB'
export const rounds = 5
export const bars = [
  { what: '4 GiB to a stalled reader: memory of the host', of: 'memory', atMost: 16 },
  { what: 'a sibling `true` meanwhile', of: 'during', against: 'before', atMost: 1.25, unit: 'ms' },
  { what: '`stop` meanwhile', of: 'stop', atMost: 3000, unit: 'ms' },
]

let bench

/** A process of its own: the memory of this one tells of every benchmark before. */
export async function contenders() {
  bench = await openWorkbench()
  return {
    async stalled() {
      const { container } = await bench.container()
      const { stdout } = await promisify(execFile)(process.execPath, [host, bench.endpoint, container.id])
      return JSON.parse(stdout)
    },
  }
}

export const close = () => bench?.close()
