import { existsSync, readdirSync, readFileSync } from 'node:fs'

/** The processes whose command line holds the marker, as /proc itself shows them; zombies count. */
export function processesWith(marker: string): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids
    .filter((pid) => pid !== String(process.pid) && read(`/proc/${pid}/cmdline`).includes(marker))
    .map(Number)
}

/** Whether there is such a process, a zombie included. */
export const isThere = (pid: number): boolean => existsSync(`/proc/${pid}`)

export function childrenOf(pid: number): number[] {
  const children = read(`/proc/${pid}/task/${pid}/children`).trim()
  return children === '' ? [] : children.split(' ').map(Number)
}

export function statusOf(pid: number, field: string): string | undefined {
  return new RegExp(`^${field}:\\s*(.*)$`, 'm').exec(read(`/proc/${pid}/status`))?.[1]
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

/** Looks again until it is so, for what no event tells us. */
export async function eventually(what: () => boolean, timeoutMs = 5000): Promise<number> {
  const started = performance.now()
  while (!what()) {
    if (performance.now() - started > timeoutMs)
      throw new Error(`not so after ${timeoutMs} ms: ${String(what)}`)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  return performance.now() - started
}
