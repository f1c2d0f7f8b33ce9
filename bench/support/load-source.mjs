import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'tsup'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Imports modules of this repository that the package does not export, compiled as the package is. */
export async function loadSource(...paths) {
  const cache = join(root, 'node_modules/.cache')
  mkdirSync(cache, { recursive: true })
  const outDir = mkdtempSync(join(cache, 'anyon-bench-'))
  try {
    const entry = Object.fromEntries(paths.map((path, index) => [`m${index}`, join(root, path)]))
    const options = { format: 'esm', platform: 'node', target: 'node20.19', splitting: true }
    await build({
      ...options,
      entry,
      outDir,
      config: false,
      silent: true,
      outExtension: () => ({ js: '.mjs' }),
    })
    const modules = paths.map((_, index) => import(pathToFileURL(join(outDir, `m${index}.mjs`)).href))
    return Object.assign({}, ...(await Promise.all(modules)))
  } finally {
    rmSync(outDir, { recursive: true, force: true })
  }
}
