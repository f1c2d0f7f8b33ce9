import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Container } from '../../src/harness/container.js'
import { DockerRunner } from '../../src/runners/docker-runner.js'
import { sh, testContainer, testHarness } from '../support/harness.js'
import { runningContainer, scratchImage, startedIn, volume } from './places.js'

/** Every operation once, in a folder of the place. */
async function exerciseAll({ files }: Container, folder: string): Promise<void> {
  const at = (name: string) => `${folder}/${name}`
  const bytes = randomBytes(3000)
  await files.write(at('a/b/file'), bytes, { createParents: true, mode: 0o600 })
  expect(await files.read(at('a/b/file'))).toEqual(bytes)
  await files.writeMany([
    { path: at('one'), content: 'eins' },
    { path: at('two'), content: Buffer.from('zwei'), mode: 0o755 },
    { path: at('three'), content: Readable.from(['dr', 'ei']) },
  ])
  const texts = await Promise.all(['one', 'two', 'three'].map((name) => files.readText(at(name))))
  expect(texts).toEqual(['eins', 'zwei', 'drei'])
  expect(await files.stat(at('two'))).toMatchObject({ type: 'file', mode: 0o755, sizeBytes: 4 })
  expect((await files.list(folder, { recursive: true })).map(({ name }) => name)).toEqual([
    ...['a', 'a/b', 'a/b/file', 'one', 'three', 'two'],
  ])
  await files.mkdir(at('made'), { mode: 0o700 })
  await files.move(at('one'), at('made/moved'))
  expect([await files.exists(at('one')), await files.exists(at('made/moved'))]).toEqual([false, true])
  await using changes = files.watch(folder, { recursive: true })
  await changes.ready
  await files.remove(at('made'), { recursive: true })
  for await (const change of changes) {
    if (change.type === 'removed' && change.path === at('made')) break
  }
  for (const name of ['a', 'two', 'three']) await files.remove(at(name), { recursive: true })
  expect(await files.list(folder)).toEqual([])
}

test('works on the root, a tmpfs, a volume, as root and as nobody in particular', async () => {
  const harness = await testHarness()
  for (const user of [undefined, '1234:1234']) {
    const container = await startedIn(harness, {
      ...(user !== undefined && { user }),
      tmpfs: [{ target: '/scratch' }],
      mounts: [{ type: 'volume', source: await volume(), target: '/volume' }],
    })
    await container.files.mkdir('/volume/mine', { mode: 0o1777, user: '0' })
    for (const folder of ['/tmp/own', '/scratch/own', '/volume/mine/own']) {
      await container.files.mkdir(folder)
      await exerciseAll(container, folder)
    }
  }
})

test('works under a read-only root, where the root itself says that it is', async () => {
  const container = await runningContainer({ readOnlyRoot: true, tmpfs: [{ target: '/tmp' }] })
  await container.files.mkdir('/tmp/own')
  await exerciseAll(container, '/tmp/own')
  const refused = { code: 'PATH_DENIED', details: { errno: 'EROFS' } }
  await expect(container.files.write('/etc/motd', 'x')).rejects.toMatchObject(refused)
  await expect(container.files.remove('/etc/passwd')).rejects.toMatchObject(refused)
  expect(await container.files.readText('/etc/passwd')).toMatch(/^root:/)
})

test('works in an image with nothing in it', async () => {
  const harness = await testHarness()
  const container = await startedIn(harness, { image: await scratchImage(harness) })
  await container.files.mkdir('/own')
  await exerciseAll(container, '/own')
})

test('works in a container of somebody else, relative to its folder, as its user', async () => {
  const harness = await testHarness()
  const { id } = await testContainer(harness, { ...sh('sleep 600'), cwd: '/tmp', user: '1234:1234' })
  await harness.container(id).start()
  await using adopted = harness.container(id)
  await adopted.files.write('notes.md', 'text')
  expect(await adopted.files.stat('/tmp/notes.md')).toMatchObject({ uid: 1234, gid: 1234 })
  expect((await adopted.files.list('.')).map(({ path }) => path)).toEqual(['notes.md'])
  await expect(adopted.files.write('/etc/motd', 'x')).rejects.toMatchObject({ code: 'PATH_DENIED' })
  await adopted.files.write('/tmp/closed', 'secret', { user: 'root', mode: 0o600 })
  await expect(adopted.files.readText('/tmp/closed')).rejects.toMatchObject({ code: 'PATH_DENIED' })
  expect(await adopted.files.readText('/tmp/closed', { user: 'root' })).toBe('secret')
})

test('a runner has the files of its place, as its user', async () => {
  const harness = await testHarness()
  const container = await startedIn(harness)
  await using runner = new DockerRunner({ harness, container, user: '1234' })
  await runner.files.write('/tmp/file', 'through the runner')
  expect((await runner.run(['cat', '/tmp/file'])).stdout).toBe('through the runner')
  expect((await runner.files.stat('/tmp/file')).uid).toBe(1234)
  expect(runner.capabilities.files).toBe(true)
})

test('100 MB go in and out whole, in memory and as streams', async () => {
  const { files } = await runningContainer()
  const bytes = Buffer.alloc(100 * 1024 ** 2)
  for (let at = 0; at < bytes.length; at += 65_536) randomBytes(64).copy(bytes, at)
  const hash = createHash('sha256').update(bytes).digest('hex')
  await files.write('/tmp/memory', bytes)
  const pieces = (function* () {
    for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000)
  })()
  await files.write('/tmp/stream', Readable.from(pieces, { objectMode: false }))
  expect(
    createHash('sha256')
      .update(await files.read('/tmp/stream'))
      .digest('hex'),
  ).toBe(hash)
  const read = createHash('sha256')
  for await (const chunk of files.stream('/tmp/memory')) read.update(chunk as Buffer)
  expect(read.digest('hex')).toBe(hash)
  const part = await files.stream('/tmp/memory', { start: 50_000_000, end: 50_100_000 }).toArray()
  expect(Buffer.concat(part as Buffer[]).equals(bytes.subarray(50_000_000, 50_100_000))).toBe(true)
  await expect(files.read('/tmp/memory', { maxBytes: bytes.length - 1 })).rejects.toMatchObject({
    code: 'FILE_TOO_LARGE',
    message: expect.stringContaining('/tmp/memory') as string,
  })
})

test('a stream that is left early, or not read at all, holds nothing up', async () => {
  const { files } = await runningContainer()
  await files.write('/tmp/file', Buffer.alloc(8 * 1024 ** 2))
  const unread = files.stream('/tmp/file')
  for await (const chunk of files.stream('/tmp/file')) {
    expect((chunk as Buffer).length).toBeGreaterThan(0)
    break
  }
  const missing = files.stream('/tmp/none')
  missing.resume()
  const [error] = (await once(missing, 'error')) as [Error]
  expect(error).toMatchObject({ code: 'PATH_NOT_FOUND' })
  unread.destroy()
  expect(await files.exists('/tmp/file')).toBe(true)
})

test('readers of a file that is written again and again see one content or another, never a mix', async () => {
  const { files } = await runningContainer()
  const contents = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(300_000))
  await files.write('/tmp/own/file', contents[0] as string, { createParents: true })
  let writing = true
  const reading = (async () => {
    const seen = new Set<string>()
    while (writing) {
      const text = await files.readText('/tmp/own/file')
      expect([text.length, new Set(text).size]).toEqual([300_000, 1])
      seen.add(text[0] as string)
    }
    return seen
  })()
  for (let round = 0; round < 10; round++) {
    await Promise.all(contents.map((content) => files.write('/tmp/own/file', content)))
  }
  writing = false
  expect((await reading).size).toBeGreaterThan(1)
  expect((await files.list('/tmp/own')).map(({ name }) => name)).toEqual(['file'])
})

test('a write whose source fails, or that is aborted, leaves what was there and nothing else', async () => {
  const { files } = await runningContainer()
  await files.write('/tmp/own/file', 'old', { createParents: true })
  const broken = new Error('the source broke')
  const half = (problem: Promise<never>) =>
    Readable.from(
      (async function* () {
        yield Buffer.alloc(500_000, 'new')
        await problem
      })(),
      { objectMode: false },
    )
  await expect(files.write('/tmp/own/file', half(Promise.reject(broken)))).rejects.toBe(broken)
  const abort = new AbortController()
  const writing = files.write('/tmp/own/file', half(new Promise(() => {})), { signal: abort.signal })
  writing.catch(() => {})
  await expect.poll(() => files.list('/tmp/own')).toHaveLength(2)
  abort.abort()
  await expect(writing).rejects.toMatchObject({ code: 'ABORTED' })
  expect((await files.list('/tmp/own')).map(({ name }) => name)).toEqual(['file'])
  expect(await files.readText('/tmp/own/file')).toBe('old')
})

test('a harness that is closed in mid-write leaves what was there and nothing else', async () => {
  const [harness, other] = [await testHarness(), await testHarness()]
  const container = await startedIn(harness)
  await container.files.write('/tmp/own/file', 'old', { createParents: true })
  const endless = new Readable({
    read() {
      void turn().then(() => this.push(Buffer.alloc(10_000)))
    },
  })
  const writing = container.files.write('/tmp/own/file', endless)
  writing.catch(() => {})
  const { files } = other.container(container.id)
  await expect.poll(() => files.list('/tmp/own')).toHaveLength(2)
  await harness.close()
  await expect(writing).rejects.toMatchObject({ name: 'ContainersError' })
  await expect.poll(() => files.list('/tmp/own')).toHaveLength(1)
  expect(await files.readText('/tmp/own/file')).toBe('old')
  expect(() => container.files).toThrow(expect.objectContaining({ code: 'CLOSED' }))
})

test('names that are not UTF-8 are shown as well as can be and can be used', async () => {
  const { files } = await runningContainer()
  const name = Buffer.from([0x66, 0xff, 0x0a])
  await files.write(Buffer.concat([Buffer.from('/tmp/own/'), name]), 'binary', { createParents: true })
  const [entry] = await files.list('/tmp/own')
  expect(entry?.name).toBe('f\ufffd\n')
  expect(Buffer.from(entry?.path as Uint8Array)).toEqual(Buffer.concat([Buffer.from('/tmp/own/'), name]))
  expect(await files.readText(entry?.path as Uint8Array)).toBe('binary')
  await files.move(entry?.path as Uint8Array, '/tmp/own/ü 漢')
  expect((await files.list('/tmp/own')).map(({ path }) => path)).toEqual(['/tmp/own/ü 漢'])
})

test('100,000 entries are listed one by one', async () => {
  const harness = await testHarness()
  const container = await startedIn(harness, { tmpfs: [{ target: '/many' }] })
  await using runner = new DockerRunner({ harness, container })
  const script = 'mkdir /many/x && cd /many/x && seq 100000 | xargs touch'
  await runner.run(['sh', '-c', script], { check: true, timeoutMs: 120_000 })
  const seen = new Set<string>()
  for await (const { name } of container.files.entries('/many', { recursive: true })) seen.add(name)
  expect(seen.size).toBe(100_001)
  await container.files.remove('/many/x', { recursive: true })
  expect(await container.files.list('/many')).toEqual([])
})

test('a thousand changes are told, in their order', async () => {
  const { files } = await runningContainer()
  await files.mkdir('/tmp/own')
  await using changes = files.watch('/tmp/own')
  await changes.ready
  const names = Array.from({ length: 1000 }, (_, index) => String(index))
  const writing = files.writeMany(names.map((name) => ({ path: `/tmp/own/${name}`, content: name })))
  const seen: string[] = []
  for await (const change of changes) {
    expect(change).toEqual({ type: 'changed', path: `/tmp/own/${names[seen.length]}` })
    if (change.type === 'changed') seen.push(change.path as string)
    if (seen.length === 1000) break
  }
  await writing
})

test('a watch ends with its signal, and says what it cannot watch', async () => {
  const { files } = await runningContainer()
  const abort = new AbortController()
  const changes = files.watch('/tmp', { signal: abort.signal })
  await changes.ready
  const next = changes[Symbol.asyncIterator]().next()
  abort.abort()
  await expect(next).rejects.toMatchObject({ code: 'ABORTED' })
  const none = files.watch('/none')
  await expect(none.ready).rejects.toMatchObject({ code: 'PATH_NOT_FOUND', details: { path: '/none' } })
  await expect(none[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
})

test.each<[string, string, (files: Container['files']) => Promise<unknown>]>([
  ['PATH_NOT_FOUND', 'ENOENT', (files) => files.read('/none')],
  ['PATH_NOT_FOUND', 'ENOENT', (files) => files.write('/none/file', '')],
  ['PATH_WRONG_TYPE', 'EISDIR', (files) => files.read('/etc')],
  ['PATH_WRONG_TYPE', 'EISDIR', (files) => files.write('/etc', '')],
  ['PATH_WRONG_TYPE', 'ENXIO', (files) => files.read('/dev/zero')],
  ['PATH_WRONG_TYPE', 'ENOTDIR', (files) => files.list('/etc/passwd')],
  ['PATH_EXISTS', 'EEXIST', (files) => files.mkdir('/etc')],
  ['PATH_EXISTS', 'EEXIST', (files) => files.move('/etc/group', '/etc/passwd', { replace: false })],
  ['FOLDER_NOT_EMPTY', 'ENOTEMPTY', (files) => files.remove('/etc')],
  ['FILE_FAILED', 'EBUSY', (files) => files.remove('/proc')],
  ['NO_SPACE', 'ENOSPC', (files) => files.write('/small/file', Buffer.alloc(2 * 1024 ** 2))],
])('%s (%s) is an error of that code', async (code, errno, call) => {
  const container = await runningContainer({ tmpfs: [{ target: '/small', sizeBytes: 1024 ** 2 }] })
  await expect(call(container.files)).rejects.toMatchObject({ code, details: { errno } })
})

test.each<[string, (files: Container['files']) => Promise<unknown>]>([
  ['an empty path', (files) => files.read('')],
  ['a path with NUL', (files) => files.stat('a\0b')],
  ['a path that is too long', (files) => files.stat('x'.repeat(4096))],
  ['the root, to be removed', (files) => files.remove('//', { recursive: true })],
  ['a mode beyond the bits', (files) => files.write('/tmp/x', '', { mode: 0o10000 })],
  ['content that is none', (files) => files.write('/tmp/x', 5 as unknown as string)],
  ['an end before the start', (files) => files.stream('/tmp/x', { start: 5, end: 4 }).toArray()],
  ['a user that is none', (files) => files.stat('/tmp', { user: 'a b' })],
])('refuses %s', async (_, call) => {
  const harness = await testHarness()
  // Nothing is asked of the engine: there is no such container.
  await expect(call(harness.container('no-such-container').files)).rejects.toMatchObject({
    code: 'INVALID_OPTION',
  })
})

test('a container that does not run, or is not there, is an error of its own', async () => {
  const harness = await testHarness()
  const container = await testContainer(harness, { init: 'supervisor' })
  await expect(container.files.read('/x')).rejects.toMatchObject({ code: 'CONTAINER_STATE' })
  const none = harness.container('no-such-container')
  await expect(none.files.read('/x')).rejects.toMatchObject({ code: 'CONTAINER_NOT_FOUND' })
  await container.start()
  await expect(container.files.read('/x')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
  await expect(container.files.read('/x', { user: 'nobody-here' })).rejects.toMatchObject({
    code: 'SPAWN_FAILED',
    stage: 'user',
  })
})
