import { createHash, randomBytes } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readFile, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { extract } from 'tar-stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { download, downloadTo } from '../../src/archives/download.js'
import { packEntries } from '../../src/archives/pack-entries.js'
import { upload } from '../../src/archives/upload.js'
import type { ContainerEngine } from '../../src/engine/container-engine.js'
import { runInContainer } from '../../src/exec/run-in-container.js'
import { abortable } from '../../src/internal/abort.js'
import { testLabels } from '../support/engine.js'
import {
  createTestContainer,
  removeTestContainer,
  startTestContainer,
  testEngine,
} from '../support/io-container.js'

let engine: ContainerEngine
let base: string
let folder: string
/** A container with every kind of place, and one with a read-only root. */
let id: string
let readOnly: string
const volume = `io-${randomBytes(6).toString('hex')}`
const big = randomBytes(3_000_000)

async function inside(argv: string[], container = id): Promise<string> {
  return (await runInContainer(engine, container, argv, { user: '0' })).stdout.trim()
}

beforeAll(async () => {
  engine = await testEngine()
  await engine.createVolume(volume, testLabels())
  const mounts = [
    { type: 'tmpfs', target: '/mem' },
    { type: 'tmpfs', target: '/work/cache' },
    { type: 'volume', source: volume, target: '/vol' },
    { type: 'volume', source: volume, target: '/vol-read-only', readOnly: true },
    { type: 'tmpfs', target: '/mem-read-only', options: 'ro' },
  ] as const
  id = await startTestContainer(engine, { mounts })
  readOnly = await startTestContainer(engine, { mounts, readOnlyRoot: true })
  await inside(['sh', '-c', 'mkdir -p /data /work/src; ln -s /mem /link-to-mem; ln -s /data /link-to-data'])

  base = await mkdtemp(join(tmpdir(), 'anyon-archives-'))
  folder = join(base, 'source')
  await mkdir(join(folder, 'sub/empty'), { recursive: true })
  await writeFile(join(folder, 'big'), big)
  await writeFile(join(folder, 'sub/ünïcode ☃ name'), 'text')
  await writeFile(join(folder, `sub/${'long'.repeat(50)}`), 'long')
  await writeFile(join(folder, 'tool'), '#!/bin/sh')
  await chmod(join(folder, 'tool'), 0o755)
  await symlink('sub/ünïcode ☃ name', join(folder, 'link'))
})

afterAll(async () => {
  for (const one of [id, readOnly]) await removeTestContainer(engine, one)
  await engine.removeVolume(volume)
  await engine.close()
  await rm(base, { recursive: true, force: true })
})

describe('a folder there and back', () => {
  it.each([
    ['the root', () => id, '/data'],
    ['a volume', () => id, '/vol'],
    ['a tmpfs', () => id, '/mem'],
    ['shared memory', () => id, '/dev/shm'],
    ['a link to a tmpfs', () => id, '/link-to-mem'],
    ['a link to a folder', () => id, '/link-to-data'],
    ['a tmpfs under a read-only root', () => readOnly, '/mem'],
    ['a volume under a read-only root', () => readOnly, '/vol'],
  ])('by way of %s', async (_, container, path) => {
    // A name of its own, since some of these paths lead to the same place.
    const target = `${path}/tree-${randomBytes(4).toString('hex')}`
    await upload(engine, container(), target, folder, { createTarget: true, uid: 1000, gid: 2000 })
    // What the container's own processes see, not what the engine says.
    expect(await inside(['sha256sum', `${target}/big`], container())).toContain(
      createHash('sha256').update(big).digest('hex'),
    )
    expect(await inside(['stat', '-c', '%a %u %g', `${target}/tool`], container())).toBe('755 1000 2000')
    expect(await inside(['stat', '-c', '%u %g', target], container())).toBe('1000 2000')
    expect(await inside(['cat', `${target}/link`], container())).toBe('text')

    const back = join(base, `back-${path.replaceAll('/', '-')}-${container().slice(0, 8)}`)
    await downloadTo(engine, container(), target, back)
    expect((await readdir(back, { recursive: true })).sort()).toEqual(
      (await readdir(folder, { recursive: true })).sort(),
    )
    expect((await readFile(join(back, 'big'))).equals(big)).toBe(true)
    expect(await readlink(join(back, 'link'))).toBe('sub/ünïcode ☃ name')
  })

  it('reaches a tmpfs below the folder too', async () => {
    await upload(engine, id, '/work', [{ path: 'cache/x', content: 'in memory' }])
    expect(await inside(['cat', '/work/cache/x'])).toBe('in memory')
    await downloadTo(engine, id, '/work', join(base, 'work'))
    expect(await readFile(join(base, 'work/cache/x'), 'utf8')).toBe('in memory')
  })

  it('works on a stopped container, except in memory', async () => {
    const stopped = await createTestContainer(engine, { mounts: [{ type: 'tmpfs', target: '/mem' }] })
    try {
      await upload(engine, stopped, '/tmp', [{ path: 'a', content: 'hi' }])
      await downloadTo(engine, stopped, '/tmp/a', join(base, 'stopped'))
      expect(await readFile(join(base, 'stopped/a'), 'utf8')).toBe('hi')
      await expect(upload(engine, stopped, '/mem', folder)).rejects.toMatchObject({ code: 'CONTAINER_STATE' })
    } finally {
      await removeTestContainer(engine, stopped)
    }
  })
})

describe('a single file', () => {
  it.each(['/data', '/mem'])('takes the name it is given, in %s', async (path) => {
    const file = join(folder, 'tool')
    await upload(engine, id, `${path}/named`, file, { mode: 0o600 })
    await upload(engine, id, path, file)
    await upload(engine, id, `${path}/new/`, file, { createTarget: true })
    await upload(engine, id, `${path}/whole`, file, { atomic: true })
    expect(await inside(['sh', '-c', `cd ${path}; stat -c '%n %a' named tool new/tool whole`])).toBe(
      'named 600\ntool 755\nnew/tool 755\nwhole 755',
    )
    expect(await inside(['find', path, '-name', '.anyon*'])).toBe('')
  })

  it('comes down under its name', async () => {
    await downloadTo(engine, id, '/etc/passwd', join(base, 'single'))
    expect(await readFile(join(base, 'single/passwd'), 'utf8')).toContain('root')
    for await (const entry of (await download(engine, id, '/etc/passwd')).pipe(
      extract() as never,
    ) as AsyncIterable<{
      header: { name: string }
      resume(): void
    }>) {
      expect(entry.header.name).toBe('passwd')
      entry.resume()
    }
  })
})

describe('other sources', () => {
  it('takes a tar as it is', async () => {
    await upload(engine, id, '/data', await download(engine, id, '/etc/passwd'))
    expect(await inside(['cat', '/data/passwd'])).toContain('root')
    await upload(engine, id, '/mem', await download(engine, id, '/etc/passwd'))
    expect(await inside(['cat', '/mem/passwd'])).toContain('root')
  })

  it.each([
    ['compressed', async (tar: Readable) => Readable.from(gzipSync(await buffer(tar)))],
    [
      'cut off in its first block',
      async (tar: Readable) => Readable.from((await buffer(tar)).subarray(0, 511)),
    ],
    ['of something else', () => Promise.resolve(Readable.from(randomBytes(2000)))],
  ])('refuses a tar that is %s, before the engine sees it', async (_, spoil) => {
    const source = await spoil(await download(engine, id, '/etc/passwd'))
    const refused = upload(engine, id, '/data/spoilt', source, { createTarget: true })
    await expect(refused).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' })
    expect(source.destroyed).toBe(true)
    expect(await inside(['ls', '/data'])).not.toContain('spoilt')
  })

  it('takes a tar byte by byte, and one with nothing in it', async () => {
    const bytes = await buffer(await download(engine, id, '/etc/passwd'))
    await upload(engine, id, '/data/bytes', Readable.from(Array.from(bytes, (byte) => Buffer.of(byte))), {
      createTarget: true,
    })
    await upload(engine, id, '/data/none', Readable.from(Buffer.alloc(1024)), { createTarget: true })
    expect(await inside(['wc', '-l', '/data/bytes/passwd'])).toMatch(/^[1-9]/)
    expect(await inside(['ls', '/data/none'])).toBe('')
  })

  it('waits for a tar no longer than its signal', async () => {
    const source = new PassThrough()
    const signal = AbortSignal.timeout(50)
    await expect(upload(engine, id, '/data', source, { signal })).rejects.toMatchObject({ code: 'ABORTED' })
    expect(source.destroyed).toBe(true)
  })

  it('takes entries', async () => {
    const entries = [
      { path: 'entries', mode: 0o700 },
      { path: 'entries/a/b.txt', content: 'text' },
      { path: 'entries/bytes', content: new Uint8Array([0, 255]), mode: 0o400 },
      { path: 'entries/link', linkTarget: 'bytes' },
    ]
    await upload(engine, id, '/data', entries)
    expect(await inside(['stat', '-c', '%a', '/data/entries', '/data/entries/bytes'])).toBe('700\n400')
    expect(await inside(['wc', '-c', '/data/entries/link'])).toContain('2 ')
    await expect(upload(engine, id, '/data', [{ path: '../x', content: '' }])).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    })
  })
})

describe('what goes wrong', () => {
  it.each([
    ['/data/nowhere', 'PATH_NOT_FOUND'],
    ['/mem/nowhere', 'PATH_NOT_FOUND'],
    ['/etc/passwd', 'PATH_NOT_FOUND'],
    ['relative', 'INVALID_OPTION'],
  ])('upload of a folder to %s is %s', async (target, code) => {
    await expect(upload(engine, id, target, folder)).rejects.toMatchObject({ code })
    expect(await inside(['sh', '-c', 'ls -d /data/nowhere /mem/nowhere 2>/dev/null'])).toBe('')
  })

  it.each(['/vol-read-only', '/mem-read-only'])(
    'upload to a mount like %s names the mount',
    async (target) => {
      await expect(upload(engine, id, `${target}/x`, folder, { createTarget: true })).rejects.toMatchObject({
        code: 'NOT_SUPPORTED',
        message: expect.stringContaining(`mount ${target} of`) as string,
      })
    },
  )

  it.each(['/nowhere', '/mem/nowhere'])('download of %s is PATH_NOT_FOUND', async (path) => {
    await expect(downloadTo(engine, id, path, join(base, 'none'))).rejects.toMatchObject({
      code: 'PATH_NOT_FOUND',
    })
    expect((await readdir(base)).filter((name) => name.includes('none'))).toEqual([])
  })

  it('is told by name: missing source, read-only root, missing container', async () => {
    await expect(upload(engine, id, '/data', join(base, 'nope'))).rejects.toMatchObject({
      code: 'PATH_NOT_FOUND',
    })
    await expect(upload(engine, readOnly, '/tmp', folder)).rejects.toMatchObject({ code: 'NOT_SUPPORTED' })
    await expect(upload(engine, 'nope', '/tmp', folder)).rejects.toMatchObject({
      code: 'CONTAINER_NOT_FOUND',
    })
    await expect(download(engine, 'nope', '/tmp')).rejects.toMatchObject({ code: 'CONTAINER_NOT_FOUND' })
  })

  it.each(['/data', '/mem'])(
    'a source that fails is the error, and an atomic file is not there, in %s',
    async (path) => {
      const failing = Readable.from(
        (async function* () {
          yield Buffer.alloc(512)
          throw new Error('disk gone')
        })(),
      )
      await expect(upload(engine, id, path, failing)).rejects.toThrow(/disk gone/)
      const controller = new AbortController()
      const huge = join(base, 'huge')
      await writeFile(huge, Buffer.alloc(60_000_000))
      const aborted = upload(engine, id, `${path}/huge`, huge, { atomic: true, signal: controller.signal })
      setTimeout(() => controller.abort(), 100)
      await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' })
      expect(await inside(['sh', '-c', `ls -A ${path} | grep -e huge -e anyon`])).toBe('')
    },
  )

  it('an atomic file is not there either where an engine goes on after a call that was broken off', async () => {
    const controller = new AbortController()
    const { signal } = controller
    let goneOn: Promise<void> = Promise.resolve()
    const putArchive: ContainerEngine['putArchive'] = (container, into, tar, options) => {
      goneOn = (async () => {
        const [header = Buffer.alloc(0)] = (await (tar as Readable).take(1).toArray()) as Buffer[]
        controller.abort()
        if (options?.signal) await uploading.catch(() => {})
        const path = header.toString('latin1', 0, header.indexOf(0))
        await engine.putArchive(container, into, packEntries([{ path, content: 'half' }], {}))
      })()
      return abortable(goneOn, 'Putting', options?.signal)
    }
    const source = join(folder, 'big')
    const uploading = upload({ ...engine, putArchive }, id, '/data/half', source, { atomic: true, signal })
    await expect(uploading).rejects.toMatchObject({ code: 'ABORTED' })
    await goneOn
    expect(await inside(['sh', '-c', 'ls -A /data | grep -e half -e anyon'])).toBe('')
  })

  it.each(['/data', '/mem'])('a container that lures out of the folder is refused, in %s', async (path) => {
    await inside([
      'sh',
      '-c',
      `mkdir -p ${path}/lure; ln -sf /etc/passwd ${path}/lure/out; echo x >${path}/lure/a`,
    ])
    const target = join(base, `lured${path.replace('/', '-')}`)
    await expect(downloadTo(engine, id, `${path}/lure`, target)).rejects.toMatchObject({
      code: 'ARCHIVE_UNSAFE',
    })
    expect((await readdir(base)).filter((name) => name.includes(`lured${path.replace('/', '-')}`))).toEqual(
      [],
    )
    await downloadTo(engine, id, `${path}/lure`, target, { leavingLinks: 'skip' })
    expect(await readdir(target)).toEqual(['a'])
  })
})
