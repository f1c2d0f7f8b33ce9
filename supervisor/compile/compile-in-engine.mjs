import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureEngine } from '../../docker/scripts/engine.mjs'
import { DEBIAN_IMAGE, ensureImages } from '../../docker/scripts/images.mjs'
import { engineRequest, openRequest } from '../../docker/scripts/lib/engine-api.mjs'
import { buildImage } from '../../docker/scripts/lib/image-store.mjs'
import { say } from '../../docker/scripts/lib/say.mjs'
import { gccCommand } from './commands.mjs'

const DOCKERFILE = fileURLToPath(new URL('../../docker/supervisor/Dockerfile', import.meta.url))
const IMAGE = 'anyon-supervisor-build:latest'

const quoted = (word) => `'${word.replaceAll("'", `'\\''`)}'`

/** The commands as a shell script, since the image has nothing but a shell and the compilers. */
function script(architectures, { flags, version, files }) {
  const sources = files.filter(({ name }) => name.endsWith('.c')).map(({ name }) => name)
  const commands = architectures.map((architecture) =>
    gccCommand(architecture, { flags, version, files: sources, output: `/out/${architecture}` }),
  )
  return ['mkdir -p /out', ...commands.map((command) => command.map(quoted).join(' ')), ''].join('\n')
}

async function buildWithSources(endpoint, architectures, sources) {
  const context = mkdtempSync(join(tmpdir(), 'anyon-supervisor-'))
  try {
    copyFileSync(DOCKERFILE, join(context, 'Dockerfile'))
    for (const { name, bytes } of sources.files) writeFileSync(join(context, name), bytes)
    writeFileSync(join(context, 'compile.sh'), script(architectures, sources))
    await buildImage(endpoint, context, {
      tags: [IMAGE],
      buildArgs: { BASE: DEBIAN_IMAGE },
      labels: {},
      onStep: (step) => say('supervisor', step),
    })
  } finally {
    rmSync(context, { recursive: true, force: true })
  }
}

/** One file of a container as bytes, out of the tar that the engine sends. */
async function readFileOf(endpoint, container, path) {
  const query = new URLSearchParams({ path })
  const response = await openRequest(endpoint, 'GET', `/containers/${container}/archive?${query}`)
  const chunks = []
  for await (const chunk of response) chunks.push(chunk)
  const tar = Buffer.concat(chunks)
  if (response.statusCode !== 200) throw new Error(`${path} cannot be read: ${tar.toString()}`)
  const size = parseInt(tar.toString('latin1', 124, 135), 8)
  return tar.subarray(512, 512 + size)
}

/** `{ x64: bytes, arm64: bytes }` of the architectures asked for. */
export async function compileInEngine(architectures, sources) {
  const endpoint = await ensureEngine()
  await ensureImages(endpoint, ['debian'])
  say('supervisor', `compiling for ${architectures.join(' and ')} in the engine`)
  await buildWithSources(endpoint, architectures, sources)
  const created = await engineRequest(endpoint, 'POST', '/containers/create', { Image: IMAGE, Cmd: ['none'] })
  if (created.status !== 201) throw new Error(JSON.stringify(created.body))
  try {
    const built = {}
    for (const architecture of architectures) {
      built[architecture] = await readFileOf(endpoint, created.body.Id, `/out/${architecture}`)
    }
    return built
  } finally {
    await engineRequest(endpoint, 'DELETE', `/containers/${created.body.Id}?force=1`)
  }
}
