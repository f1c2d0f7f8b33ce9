import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mustSucceed, openWorkbench, timed } from './support/workbench.mjs'

const FOLDERS = 100
const FILES = 100
const FILE = Buffer.alloc(2000, 'x')

export const name = 'files'
export const unit = 'ms'
export const rounds = 5
export const bars = [
  { what: 'upload of 10,000 files', of: 'our upload', against: 'docker cp in', atMost: 1 },
  { what: 'download of 10,000 files', of: 'our download', against: 'docker cp out', atMost: 1 },
]

let bench

export async function contenders() {
  bench = await openWorkbench()
  const { container, runner } = await bench.container()
  const home = mkdtempSync(join(tmpdir(), 'anyon-bench-'))
  bench.onClose(async () => rmSync(home, { recursive: true, force: true }))
  const tree = join(home, 'tree')
  makeTree(tree)
  await container.upload('/tree', tree, { createTarget: true })

  const goingIn = (work) => async () => {
    const ms = await timed(work)
    mustSucceed(
      await runner.run(['sh', '-c', `test $(find /in -type f | wc -l) = ${FOLDERS * FILES} && rm -r /in`]),
    )
    return ms
  }
  const goingOut = (work) => async () => {
    const out = join(home, 'out')
    const ms = await timed(() => work(out))
    const count = readdirSync(out, { recursive: true }).length
    if (count !== FOLDERS * FILES + FOLDERS && count !== FOLDERS * FILES + FOLDERS + 1)
      throw new Error(`got ${count} paths`)
    rmSync(out, { recursive: true })
    return ms
  }
  return {
    'our upload': goingIn(() => container.upload('/in', tree, { createTarget: true })),
    'docker cp in': goingIn(() => bench.cli('cp', `${tree}/.`, `${container.id}:/in`)),
    'our download': goingOut((out) => container.downloadTo('/tree', out)),
    'docker cp out': goingOut((out) => bench.cli('cp', `${container.id}:/tree/.`, out)),
  }
}

export const close = () => bench?.close()

function makeTree(root) {
  for (let folder = 0; folder < FOLDERS; folder++) {
    const path = join(root, `folder-${folder}`)
    mkdirSync(path, { recursive: true })
    for (let file = 0; file < FILES; file++) writeFileSync(join(path, `file-${file}`), FILE)
  }
}
