import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { uniqueName } from '@anyon/containers'
import { labels, mustSucceed, openWorkbench, timed } from './support/workbench.mjs'

const FOLDERS = 100
const FILES = 100
const FILE = Buffer.alloc(2000, 'x')
/** In memory where there is such a place: what a disk takes to make and remove files is not to be measured. */
const HOST_FOLDER = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

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
  const volume = await volumeInMemory()
  const { container, runner } = await bench.container({
    mounts: [{ type: 'volume', source: volume, target: '/files' }],
  })
  const home = mkdtempSync(join(HOST_FOLDER, 'anyon-bench-'))
  bench.onClose(async () => rmSync(home, { recursive: true, force: true }))
  const tree = join(home, 'tree')
  makeTree(tree)
  await container.upload('/files/tree', tree, { createTarget: true })

  const goingIn = (work) => async () => {
    const ms = await timed(work)
    mustSucceed(
      await runner.run([
        'sh',
        '-c',
        `test $(find /files/in -type f | wc -l) = ${FOLDERS * FILES} && rm -r /files/in`,
      ]),
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
    'our upload': goingIn(() => container.upload('/files/in', tree, { createTarget: true })),
    'docker cp in': goingIn(() => bench.cli('cp', `${tree}/.`, `${container.id}:/files/in`)),
    'our download': goingOut((out) => container.downloadTo('/files/tree', out)),
    'docker cp out': goingOut((out) => bench.cli('cp', `${container.id}:/files/tree/.`, out)),
  }
}

export const close = () => bench?.close()

/** For the same reason; the engine sees into it as into any volume, which a tmpfs of a container's own is not. */
async function volumeInMemory() {
  const volume = uniqueName('anyon-bench')
  const DriverOpts = { type: 'tmpfs', device: 'tmpfs' }
  await bench.docker.createVolume({ Name: volume, Driver: 'local', DriverOpts, Labels: labels })
  bench.onClose(() => bench.docker.getVolume(volume).remove())
  return volume
}

function makeTree(root) {
  for (let folder = 0; folder < FOLDERS; folder++) {
    const path = join(root, `folder-${folder}`)
    mkdirSync(path, { recursive: true })
    for (let file = 0; file < FILES; file++) writeFileSync(join(path, `file-${file}`), FILE)
  }
}
