import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'

const { dependencies, peerDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
/** Finding it would cost more of the package's import than reading it; as a module it needs no other file. */
const bundled = { eventemitter3: resolve('node_modules/eventemitter3/dist/eventemitter3.esm.js') }
const installed = Object.keys({ ...dependencies, ...peerDependencies }).filter((name) => !(name in bundled))

/**
 * All that importing the package loads is one chunk, since each file costs; what is imported by `import()` comes
 * when it is first used.
 */
const core = {
  debugName: 'core',
  name: (id, modules) => (isEager(id, modules) ? 'core' : undefined),
}

function isEager(id, modules, seen = new Set()) {
  if (id.endsWith('/src/index.ts')) return true
  if (seen.has(id)) return false
  seen.add(id)
  return modules.getModuleInfo(id).importers.some((importer) => isEager(importer, modules, seen))
}

/** What earlier builds have left would be packed too. */
const clean = (extension) => ({
  name: 'clean',
  renderStart({ dir }) {
    const old = readdirSync(dir).filter((file) => new RegExp(`\\.${extension}(\\.map)?$`).test(file))
    for (const file of old) rmSync(`${dir}/${file}`)
  },
})

export default ['esm', 'cjs'].map((format) => {
  const extension = format === 'esm' ? 'js' : 'cjs'
  return {
    input: ['src/index.ts', 'src/testing.ts'],
    platform: 'node',
    external: [/^node:/, ...installed.map((name) => new RegExp(`^${name}(/|$)`))],
    transform: { target: 'node20.19' },
    resolve: { alias: bundled },
    plugins: [clean(extension)],
    output: {
      dir: 'dist',
      format,
      entryFileNames: `[name].${extension}`,
      chunkFileNames: `[name]-[hash].${extension}`,
      codeSplitting: { groups: [core] },
      minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
      sourcemap: true,
    },
  }
})
