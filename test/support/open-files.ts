import { readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

/** What a process has open: where it is found, and what that leads to. What is closed meanwhile is left out. */
export function openFiles(pid: number): { path: string; target: string }[] {
  const folder = `/proc/${pid}/fd`
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    try {
      return [{ path, target: readlinkSync(path) }]
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw error
    }
  })
}
