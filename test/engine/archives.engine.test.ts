import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pack, extract } from 'tar-stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectEngine } from '../../src/engine/connect-engine.js'
import type { ContainerEngine } from '../../src/engine/container-engine.js'
import { testEndpoint } from '../support/engine.js'
import { startFaultProxy } from '../support/fault-proxy.js'
import { createRequest } from '../support/create-request.js'

let engine: ContainerEngine
let box: string
const made: string[] = []

async function create(given?: object): Promise<string> {
  const { id } = await engine.createContainer(createRequest(given))
  made.push(id)
  return id
}

beforeAll(async () => {
  engine = await connectEngine({ host: testEndpoint() })
  box = await create()
  await engine.startContainer(box)
})
afterAll(async () => {
  await Promise.all(made.map((id) => engine.removeContainer(id, { force: true, volumes: true })))
  await engine.close()
})

function tarOf(files: Record<string, string>): Readable {
  const tar = pack()
  for (const [name, content] of Object.entries(files)) tar.entry({ name, mode: 0o640 }, content)
  tar.finalize()
  return Readable.from(tar)
}

async function filesOf(tar: Readable): Promise<Record<string, string>> {
  const files: Record<string, string> = {}
  for await (const entry of tar.pipe(extract())) {
    const content = await buffer(entry)
    if (entry.header.type === 'file') files[entry.header.name] = content.toString()
  }
  return files
}

test('files go in and come out', async () => {
  await engine.putArchive(box, '/tmp', tarOf({ 'a.txt': 'first', 'dir/b.txt': 'second' }))
  await engine.putArchive(box, '/tmp', await buffer(tarOf({ 'c.txt': 'third' })))
  expect(await filesOf(await engine.getArchive(box, '/tmp'))).toEqual({
    'tmp/a.txt': 'first',
    'tmp/dir/b.txt': 'second',
    'tmp/c.txt': 'third',
  })
  expect(await engine.statArchive(box, '/tmp/a.txt')).toMatchObject({
    name: 'a.txt',
    sizeBytes: 5,
    linkTarget: '',
  })
})

test('every call is drained: none leaves a connection behind', async () => {
  const proxy = await startFaultProxy(testEndpoint())
  const proxied = await connectEngine({ host: proxy.endpoint })
  try {
    const atOnce = 4
    await Promise.all(
      Array.from({ length: atOnce }, async (_, n) => {
        await proxied.putArchive(box, '/tmp', await buffer(tarOf({ [`many-${n}`]: 'x' })))
        await proxied.statArchive(box, `/tmp/many-${n}`)
        ;(await proxied.getArchive(box, `/tmp/many-${n}`)).destroy()
      }),
    )
    // Those that are kept for the next calls.
    await expect.poll(() => proxy.open()).toBeLessThanOrEqual(atOnce)
  } finally {
    await proxied.close()
    await proxy.close()
  }
})

test('a missing folder, a missing path and a missing container are told apart', async () => {
  const missing = { code: 'PATH_NOT_FOUND', message: expect.stringContaining('/no/such') as string }
  await expect(engine.putArchive(box, '/no/such', tarOf({ a: 'x' }))).rejects.toMatchObject(missing)
  await expect(engine.getArchive(box, '/no/such')).rejects.toMatchObject(missing)
  await expect(engine.statArchive(box, '/no/such')).rejects.toMatchObject(missing)
  const gone = { code: 'CONTAINER_NOT_FOUND' }
  await expect(engine.putArchive('no-such-box', '/tmp', tarOf({ a: 'x' }))).rejects.toMatchObject(gone)
  await expect(engine.getArchive('no-such-box', '/tmp')).rejects.toMatchObject(gone)
  await expect(engine.statArchive('no-such-box', '/tmp')).rejects.toMatchObject(gone)
})

test('a large upload that is refused is refused for the reason, not for the broken pipe', async () => {
  const chunk = Buffer.alloc(1 << 20)
  const endless = Readable.from(Array.from({ length: 64 }, () => chunk))
  await expect(engine.putArchive(box, '/no/such', endless)).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
  expect(endless.destroyed).toBe(true)
})

test('a read-only root is not written to', async () => {
  const id = await create({ readOnlyRoot: true })
  await expect(engine.putArchive(id, '/tmp', tarOf({ a: 'x' }))).rejects.toMatchObject({
    code: 'NOT_SUPPORTED',
  })
})

test.each([
  ['when it is read', () => {}, 0],
  ['before it is read', (source: Readable) => void source.destroy(new Error('disk on fire')), 200],
])('a source that fails %s fails the upload with what it failed of', async (_, fail, delayMs) => {
  const source = new Readable({
    read() {
      this.destroy(new Error('disk on fire'))
    },
  })
  const proxy = await startFaultProxy(testEndpoint())
  const proxied = await connectEngine({ host: proxy.endpoint })
  proxy.faults = { delayMs }
  try {
    const failure = proxied.putArchive(box, '/tmp', source)
    fail(source)
    await expect(failure).rejects.toMatchObject({
      code: 'STREAM_INVALID',
      message: expect.stringContaining('disk on fire') as string,
    })
  } finally {
    await proxied.close()
    await proxy.close()
  }
})

test('a source that is over already fails the upload', async () => {
  const source = tarOf({ a: 'x' }).destroy()
  await expect(engine.putArchive(box, '/tmp', source)).rejects.toMatchObject({ code: 'STREAM_INVALID' })
})

test('an upload that nobody takes lets go of its source', async () => {
  const proxy = await startFaultProxy(testEndpoint())
  const proxied = await connectEngine({ host: proxy.endpoint })
  try {
    proxy.cut()
    proxy.faults = { refuseConnections: true }
    const source = tarOf({ a: 'x' })
    await expect(proxied.putArchive(box, '/tmp', source)).rejects.toMatchObject({
      code: 'ENGINE_UNREACHABLE',
    })
    await expect.poll(() => source.destroyed).toBe(true)
  } finally {
    await proxied.close()
    await proxy.close()
  }
})

test('a download that is cut is not an end', async () => {
  await engine.putArchive(box, '/tmp', tarOf({ big: 'x'.repeat(1 << 20) }))
  const proxy = await startFaultProxy(testEndpoint(), {
    only: /archive/,
    cutAfterBytes: { toClient: 300_000 },
  })
  const proxied = await connectEngine({ host: proxy.endpoint })
  try {
    const tar = await proxied.getArchive(box, '/tmp/big')
    await expect(buffer(tar)).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
  } finally {
    await proxied.close()
    await proxy.close()
  }
})
