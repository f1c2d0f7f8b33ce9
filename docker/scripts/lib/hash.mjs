import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** A hash over the names and contents of files and folders; `extra` is whatever else decides the result. */
export function hashOf(paths, { ignore, extra } = {}) {
  const hash = createHash('sha256').update(JSON.stringify(extra ?? null))
  const add = (path, name) => {
    const stat = statSync(path, { throwIfNoEntry: false })
    if (!stat) return
    hash.update(`\0${name}\0`)
    if (stat.isFile()) hash.update(readFileSync(path))
    if (!stat.isDirectory()) return
    for (const child of readdirSync(path).sort()) {
      if (!ignore?.test(child)) add(join(path, child), `${name}/${child}`)
    }
  }
  paths.forEach((path, index) => add(path, String(index)))
  return hash.digest('hex')
}
