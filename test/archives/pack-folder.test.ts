import { execFile } from 'node:child_process'
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { extract } from 'tar-stream'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { packFolder } from '../../src/archives/pack-folder.js'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'anyon-pack-'))
  await writeFile(join(folder, 'a'), 'text')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** Names and sizes of a tar's entries, read to the end. */
async function entriesOf(tar: Readable): Promise<[string, number][]> {
  const entries: [string, number][] = []
  for await (const entry of tar.pipe(extract() as never) as AsyncIterable<
    AsyncIterable<Uint8Array> & { header: { name: string } }
  >) {
    let size = 0
    for await (const chunk of entry) size += chunk.length
    entries.push([entry.header.name, size])
  }
  return entries
}

it('leaves sockets out', async () => {
  const server = createServer().listen(join(folder, 'socket'))
  await once(server, 'listening')
  try {
    expect(await entriesOf(packFolder(folder))).toEqual([['a', 4]])
  } finally {
    server.close()
  }
})

it('refuses a pipe by name, and does not wait for its writer', async () => {
  await promisify(execFile)('mkfifo', [join(folder, 'pipe')])
  const tar = packFolder(folder)
  const error = once(tar, 'error') as Promise<unknown[]>
  tar.resume()
  expect(await error).toMatchObject([
    { code: 'ARCHIVE_INVALID', message: expect.stringContaining(join(folder, 'pipe')) as string },
  ])
})

it('takes of a file that grows as much as there was when its header was written', async () => {
  const size = 8 * 1024 * 1024
  await writeFile(join(folder, 'growing'), Buffer.alloc(size))
  const tar = packFolder(folder)
  await once(tar, 'readable') // its first bytes are there, and nobody takes the rest yet
  await appendFile(join(folder, 'growing'), 'more')
  expect(await entriesOf(tar)).toEqual([
    ['a', 4],
    ['growing', size],
  ])
})
