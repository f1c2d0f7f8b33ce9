import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { packEntries } from '../../src/archives/pack-entries.js'

/** A registry on loopback that serves one small image under every name but `missing` and `forbidden`. */
export interface FakeRegistry {
  /** A reference to the image, under a name of its own. */
  reference(name: string): string
  /** Requests so far, such as `GET manifests`. */
  readonly requests: string[]
  /** How many requests for a manifest are answered with 503 first. */
  failures: number
  /** When set, only who comes with this `name:password` is let in. */
  credentials: string | undefined
  /** Blobs wait for this. */
  gate: Promise<void>
  close(): Promise<void>
}

const sha256 = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`
const docker = 'application/vnd.docker'

async function makeImage(labels: Record<string, string>) {
  const tar = await buffer(
    packEntries([{ path: 'hello', content: `from the registry ${Math.random()}` }], {}),
  )
  const layer = gzipSync(tar)
  const config = Buffer.from(
    JSON.stringify({
      architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
      os: 'linux',
      config: { Labels: labels, Env: ['PATH=/bin'] },
      rootfs: { type: 'layers', diff_ids: [sha256(tar)] },
      history: [{ created: '2026-01-01T00:00:00Z', created_by: 'test' }],
    }),
  )
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: `${docker}.distribution.manifest.v2+json`,
      config: { mediaType: `${docker}.container.image.v1+json`, size: config.length, digest: sha256(config) },
      layers: [
        { mediaType: `${docker}.image.rootfs.diff.tar.gzip`, size: layer.length, digest: sha256(layer) },
      ],
    }),
  )
  return { manifest, blobs: new Map([config, layer].map((blob) => [sha256(blob), blob])) }
}

export async function startFakeRegistry(labels: Record<string, string>): Promise<FakeRegistry> {
  const { manifest, blobs } = await makeImage(labels)
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { credentials } = registry
    const given = `Basic ${Buffer.from(credentials ?? '').toString('base64')}`
    if (credentials !== undefined && request.headers.authorization !== given) {
      return void response.writeHead(401, { 'www-authenticate': 'Basic realm="test"' }).end()
    }
    const [, , name = '', kind = '', item = ''] = (request.url ?? '').split('/')
    if (name === '') return void response.end('{}')
    registry.requests.push(`${request.method} ${kind}`)
    const body = kind === 'manifests' ? manifest : blobs.get(item)
    if (kind === 'manifests' && registry.failures-- > 0) return void response.writeHead(503).end()
    if (name === 'forbidden') {
      response.writeHead(401, { 'content-type': 'application/json' })
      return void response.end('{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}')
    }
    if (name === 'missing' || body === undefined) {
      response.writeHead(404, { 'content-type': 'application/json' })
      return void response.end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}')
    }
    response.writeHead(200, {
      'content-type':
        kind === 'manifests' ? `${docker}.distribution.manifest.v2+json` : 'application/octet-stream',
      'content-length': body.length,
      'docker-content-digest': sha256(body),
    })
    if (kind === 'blobs') {
      response.flushHeaders()
      await registry.gate
    }
    response.end(request.method === 'HEAD' ? undefined : body)
  }
  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const registry: FakeRegistry = {
    reference: (name) => `127.0.0.1:${port}/${name}:v1`,
    requests: [],
    failures: 0,
    credentials: undefined,
    gate: Promise.resolve(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return registry
}
