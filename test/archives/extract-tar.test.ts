import { mkdtemp, mkdir, readFile, readdir, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pack, type Header } from 'tar-stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { extractTar, type ExtractOptions } from '../../src/archives/extract-tar.js'
import { mergeFolder } from '../../src/archives/merge-folder.js'

type Entry = Partial<Header> & { name: string; content?: string }
let base: string
let target: string

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'anyon-extract-'))
  target = join(base, 'target')
  await mkdir(target)
})
afterEach(() => rm(base, { recursive: true, force: true }))

async function tarBytes(entries: Entry[]): Promise<Buffer> {
  const tar = pack()
  for (const { content = '', ...header } of entries) tar.entry(header, Buffer.from(content))
  tar.finalize()
  const chunks: Buffer[] = []
  for await (const chunk of tar) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

async function extractAll(entries: Entry[], options?: ExtractOptions): Promise<void> {
  await extractTar(Readable.from([await tarBytes(entries)]), target, options)
}

describe('an archive that wants out', () => {
  const outside = (name: string): Entry => ({ name, content: 'evil' })
  it.each<[string, Entry[]]>([
    ['an absolute path', [outside('/tmp/anyon-evil')]],
    ['climbing', [outside('../evil')]],
    ['climbing later', [outside('a/../../evil')]],
    ['climbing folder', [{ name: 'a/../../evil/', type: 'directory' }]],
    ['a backslash', [outside('..\\evil')]],
    ['an absolute link', [{ name: 'link', type: 'symlink', linkname: '/etc' }]],
    ['a climbing link', [{ name: 'a/link', type: 'symlink', linkname: '../../evil' }]],
    ['a link that climbs after going down', [{ name: 'link', type: 'symlink', linkname: 'a/../../evil' }]],
    ['a path through a link', [{ name: 'link', type: 'symlink', linkname: '.' }, outside('link/evil')]],
    [
      'a link whose folder is a link',
      [
        { name: 'a/', type: 'directory' },
        { name: 'a/b', type: 'symlink', linkname: '.' },
        { name: 'a/b/link', type: 'symlink', linkname: '../../evil' },
      ],
    ],
    ['a hard link to a host file', [{ name: 'hard', type: 'link', linkname: '/etc/passwd' }]],
    ['a climbing hard link', [{ name: 'hard', type: 'link', linkname: '../secret' }]],
    [
      'a hard link to a link',
      [
        { name: 'link', type: 'symlink', linkname: 'x' },
        { name: 'hard', type: 'link', linkname: 'link' },
      ],
    ],
    ['a character device', [{ name: 'dev', type: 'character-device', devmajor: 1, devminor: 3 }]],
    ['a block device', [{ name: 'dev', type: 'block-device', devmajor: 8, devminor: 0 }]],
    ['a pipe', [{ name: 'pipe', type: 'fifo' }]],
    [
      'a folder in place of a link',
      [
        { name: 'link', type: 'symlink', linkname: 'x' },
        { name: 'link/', type: 'directory' },
      ],
    ],
  ])('%s', async (_, entries) => {
    await writeFile(join(base, 'secret'), 'secret')
    const first = { name: 'first', content: 'fine' }
    await expect(extractAll([first, ...entries])).rejects.toMatchObject({ code: 'ARCHIVE_UNSAFE' })
    expect((await readdir(base)).sort()).toEqual(['secret', 'target'])
    expect(await readFile(join(base, 'secret'), 'utf8')).toBe('secret')
  })

  it('leaves such links out when asked to, and nothing else', async () => {
    const entries: Entry[] = [
      { name: 'out', type: 'symlink', linkname: '/etc' },
      { name: 'in', type: 'symlink', linkname: 'file' },
      { name: 'file', content: 'x' },
    ]
    await extractAll(entries, { leavingLinks: 'skip' })
    expect((await readdir(target)).sort()).toEqual(['file', 'in'])
    await expect(
      extractAll([{ name: '../evil', content: '' }], { leavingLinks: 'skip' }),
    ).rejects.toMatchObject({ code: 'ARCHIVE_UNSAFE' })
  })
})

describe('an ordinary archive', () => {
  it('keeps contents, modes, times and links, and takes set-user-id bits away', async () => {
    const mtime = new Date('2020-02-03T04:05:06Z')
    await extractAll([
      { name: 'dir/', type: 'directory', mode: 0o555, mtime },
      { name: 'dir/tool', content: 'run', mode: 0o4755, mtime },
      { name: 'dir/deep/er', content: 'é'.repeat(1_200_000), mtime },
      { name: 'dir/hard', type: 'link', linkname: 'dir/tool' },
      { name: 'dir/soft', type: 'symlink', linkname: '../dir/tool' },
      { name: 'twice', content: 'old' },
      { name: 'twice', content: 'new' },
    ])
    const tool = await stat(join(target, 'dir/tool'))
    expect(tool.mode & 0o7777).toBe(0o755)
    expect(tool.mtime).toEqual(mtime)
    expect((await stat(join(target, 'dir'))).mtime).toEqual(mtime)
    expect((await stat(join(target, 'dir'))).mode & 0o777).toBe(0o555)
    expect((await stat(join(target, 'dir/deep/er'))).size).toBe(2_400_000)
    expect((await stat(join(target, 'dir/hard'))).ino).toBe(tool.ino)
    expect(await readlink(join(target, 'dir/soft'))).toBe('../dir/tool')
    expect(await readFile(join(target, 'twice'), 'utf8')).toBe('new')
  })

  it('is refused when it is torn, wherever that is', async () => {
    const bytes = await tarBytes(
      Array.from({ length: 3 }, (_, n) => ({ name: `f${n}`, content: 'x'.repeat(600) })),
    )
    for (let size = 0; size < bytes.length - 512; size += 256) {
      const folder = await mkdtemp(join(base, 'torn-'))
      const torn = extractTar(Readable.from([bytes.subarray(0, size)]), folder)
      await expect(torn, `${size} bytes`).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' })
    }
    await expect(extractTar(Readable.from([Buffer.alloc(2048, 7)]), target)).rejects.toMatchObject({
      code: 'ARCHIVE_INVALID',
    })
  })

  it('comes out the same whatever pieces it arrives in', async () => {
    const bytes = await tarBytes([
      { name: 'a/b', content: 'hello' },
      { name: 'c', content: 'x'.repeat(3000) },
    ])
    for (const size of [1, 511, 513, 1000]) {
      const folder = await mkdtemp(join(base, 'pieces-'))
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
        bytes.subarray(n * size, (n + 1) * size),
      )
      await extractTar(Readable.from(pieces), folder)
      expect(await readFile(join(folder, 'a/b'), 'utf8')).toBe('hello')
      expect((await buffer(Readable.from([await readFile(join(folder, 'c'))]))).length).toBe(3000)
    }
  })
})

describe('moving what arrived to its place', () => {
  it('merges folders, replaces files, and goes through no link of the host', async () => {
    const from = join(base, 'from')
    await mkdir(join(from, 'dir'), { recursive: true })
    await writeFile(join(from, 'dir/new'), 'new')
    await writeFile(join(from, 'file'), 'new')
    await mkdir(join(target, 'dir'))
    await writeFile(join(target, 'dir/old'), 'old')
    await writeFile(join(target, 'file'), 'old')
    await mergeFolder(from, target)
    expect((await readdir(join(target, 'dir'))).sort()).toEqual(['new', 'old'])
    expect(await readFile(join(target, 'file'), 'utf8')).toBe('new')

    const elsewhere = join(base, 'elsewhere')
    await mkdir(elsewhere)
    await symlink(elsewhere, join(target, 'trap'))
    await mkdir(join(from, 'trap'), { recursive: true })
    await writeFile(join(from, 'trap/evil'), 'evil')
    await expect(mergeFolder(from, target)).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' })
    expect(await readdir(elsewhere)).toEqual([])
  })
})
