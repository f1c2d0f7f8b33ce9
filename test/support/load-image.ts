import { createHash } from 'node:crypto'
import { request } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { pack } from 'tar-stream'
import { onTestFinished } from 'vitest'
import { uniqueName } from '../../src/model/unique-name.js'
import { engineRequest, testEndpoint, testLabels } from './engine.js'

/** Loads an image of one empty file, for whatever architecture, and removes it when the test ends. */
export async function loadImage({ architecture }: { architecture: string }): Promise<string> {
  const layer = await tarOf({ empty: '' })
  const config = JSON.stringify({
    architecture,
    os: 'linux',
    config: { Cmd: ['/empty'], Labels: testLabels() },
    rootfs: { type: 'layers', diff_ids: [`sha256:${createHash('sha256').update(layer).digest('hex')}`] },
    history: [{ created: '2020-01-01T00:00:00Z' }],
  })
  const name = `${uniqueName('anyon-loaded')}:1`
  const manifest = JSON.stringify([{ Config: 'config.json', RepoTags: [name], Layers: ['layer.tar'] }])
  await load(await tarOf({ 'config.json': config, 'layer.tar': layer, 'manifest.json': manifest }))
  onTestFinished(async () => {
    await engineRequest('DELETE', `/images/${name}?force=1`)
  })
  return name
}

async function tarOf(files: Record<string, string | Buffer>): Promise<Buffer> {
  const tar = pack()
  for (const [name, content] of Object.entries(files)) tar.entry({ name }, content)
  tar.finalize()
  return buffer(tar)
}

async function load(tar: Buffer): Promise<void> {
  const socketPath = testEndpoint().replace('unix://', '')
  await new Promise<void>((resolve, reject) => {
    const headers = { 'Content-Type': 'application/x-tar' }
    const call = request(
      { socketPath, path: '/images/load?quiet=1', method: 'POST', headers },
      (response) => {
        response.resume().on('end', () => {
          if (response.statusCode === 200) resolve()
          else reject(new Error(`The engine would not load the image: ${response.statusCode}`))
        })
      },
    )
    call.on('error', reject).end(tar)
  })
}
