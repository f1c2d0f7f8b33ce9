import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Builtins, errorOf, nobody, errno } from './builtin-tools.js'
import { decodeRecord } from './codec.js'

const { ENOENT, EACCES, EEXIST, EXDEV, ENOTDIR, EINVAL, ENAMETOOLONG, ENOTEMPTY } = errno

const here = new Builtins()

interface Entry {
  name: Buffer
  target: string | undefined
  unreadable: number | undefined
  type: string
  mode: number
  size: number
  mtimeMs: number
}

function entriesOf(bytes: Buffer): Entry[] {
  const entries: Entry[] = []
  let open = new Map<number, Buffer>()
  for (const [tag, value] of decodeRecord(bytes)) {
    open.set(tag, value)
    if (tag !== 4) continue
    entries.push({
      name: open.get(1) as Buffer,
      target: open.get(2)?.toString(),
      unreadable: open.get(3)?.readUInt32LE(),
      type: String.fromCharCode(value[0] as number),
      mode: value.readUInt16LE(1),
      size: Number(value.readBigUInt64LE(11)),
      mtimeMs: Number(value.readBigUInt64LE(19)) * 1000 + value.readUInt32LE(27) / 1e6,
    })
    open = new Map()
  }
  return entries
}

const names = (entries: Entry[]) => entries.map(({ name }) => name.toString()).sort()

describe('file-list and file-stat', () => {
  test('tell of every kind of entry, and follow no link', async () => {
    fs.writeFileSync(here.at('file'), 'four', { mode: 0o640 })
    fs.mkdirSync(here.at('folder/deep'), { recursive: true })
    fs.writeFileSync(here.at('folder/deep/leaf'), '')
    fs.symlinkSync('folder', here.at('link'))
    fs.symlinkSync('/no/such', here.at('dangling'))
    const flat = entriesOf((await here.run('file-list', '.', '0')).stdout)
    expect(names(flat)).toEqual(['dangling', 'file', 'folder', 'link'])
    const file = flat.find(({ name }) => name.toString() === 'file')
    expect(file).toMatchObject({ type: 'f', mode: 0o640, size: 4, target: undefined })
    expect(file?.mtimeMs).toBeCloseTo(fs.statSync(here.at('file')).mtimeMs, 1)
    expect(flat.find(({ name }) => name.toString() === 'link')).toMatchObject({ type: 'l', target: 'folder' })
    const deep = entriesOf((await here.run('file-list', here.folder, '1')).stdout)
    expect(names(deep)).toEqual(['dangling', 'file', 'folder', 'folder/deep', 'folder/deep/leaf', 'link'])
  })

  test('give names as the bytes that they are', async () => {
    const name = Buffer.from([0x66, 0xff, 0xfe, 0x0a])
    fs.writeFileSync(Buffer.concat([Buffer.from(`${here.folder}/`), name]), 'x')
    expect(entriesOf((await here.run('file-list', '.', '0')).stdout)[0]?.name.equals(name)).toBe(true)
    expect((await here.run('file-read', name, '0', '9', '1')).stdout.toString()).toBe('x')
    expect((await here.run('file-remove', name, '0')).code).toBe(0)
    expect(fs.readdirSync(here.folder)).toEqual([])
  })

  test('list 5,000 entries', async () => {
    for (let i = 0; i < 5000; i++) fs.writeFileSync(here.at(String(i)), '')
    const entries = entriesOf((await here.run('file-list', '.', '0')).stdout)
    expect(new Set(names(entries)).size).toBe(5000)
  })

  test.runIf(nobody)('go on past a folder that may not be read, and say so', async () => {
    fs.mkdirSync(here.at('closed'), { mode: 0o700 })
    fs.writeFileSync(here.at('open'), '')
    const end = await here.runAs(nobody, 'file-list', '.', '1')
    expect(end.code).toBe(0)
    const entries = entriesOf(end.stdout)
    expect(names(entries)).toEqual(['closed', 'open'])
    expect(entries.find(({ type }) => type === 'd')?.unreadable).toBe(EACCES)
  })

  test('stat a link itself or what it points to', async () => {
    fs.symlinkSync('target', here.at('link'))
    expect(errorOf(await here.run('file-stat', 'link', '1')).error).toBe(ENOENT)
    fs.writeFileSync(here.at('target'), 'x')
    expect(entriesOf((await here.run('file-stat', 'link', '1')).stdout)).toMatchObject([
      { type: 'f', size: 1 },
    ])
    expect(entriesOf((await here.run('file-stat', 'link', '0')).stdout)).toMatchObject([
      { type: 'l', target: 'target' },
    ])
    expect(errorOf(await here.run('file-list', 'target', '0')).error).toBe(ENOTDIR)
  })
})

describe('file-mkdir', () => {
  test('makes one, or all on the way, with the mode as it is', async () => {
    expect((await here.run('file-mkdir', 'one', String(0o1777), '0')).code).toBe(0)
    expect(fs.statSync(here.at('one')).mode & 0o7777).toBe(0o1777)
    expect(errorOf(await here.run('file-mkdir', 'one', '448', '0'))).toEqual({ error: EEXIST, path: 'one' })
    expect(errorOf(await here.run('file-mkdir', 'a/b', '448', '0')).error).toBe(ENOENT)
    for (let times = 0; times < 2; times++)
      expect((await here.run('file-mkdir', 'a/b/c', '448', '1')).code).toBe(0)
    expect(fs.statSync(here.at('a/b/c')).mode & 0o7777).toBe(0o700)
    fs.writeFileSync(here.at('file'), '')
    expect(errorOf(await here.run('file-mkdir', 'file', '448', '1')).error).toBe(EEXIST)
    expect(errorOf(await here.run('file-mkdir', 'file/x/y', '448', '1')).error).toBe(ENOTDIR)
  })
})

describe('file-move', () => {
  test('renames, and replaces where it is told to', async () => {
    fs.writeFileSync(here.at('a'), 'a')
    fs.writeFileSync(here.at('b'), 'b')
    expect(errorOf(await here.run('file-move', 'a', 'b', '0'))).toEqual({ error: EEXIST, path: 'b' })
    expect((await here.run('file-move', 'a', 'c', '0')).code).toBe(0)
    expect((await here.run('file-move', 'c', 'b', '1')).code).toBe(0)
    expect([fs.readdirSync(here.folder), here.content('b')]).toEqual([['b'], 'a'])
    expect(errorOf(await here.run('file-move', 'none', 'x', '1'))).toEqual({ error: ENOENT, path: 'none' })
    expect(errorOf(await here.run('file-move', 'b', 'none/x', '1'))).toEqual({
      error: ENOENT,
      path: 'none/x',
    })
  })

  test.runIf(fs.existsSync('/dev/shm'))('copies a file to another file system', async () => {
    const other = fs.mkdtempSync('/dev/shm/anyon-builtins-')
    onTestFinished(() => fs.rmSync(other, { recursive: true }))
    expect(fs.statSync(other).dev).not.toBe(fs.statSync(here.folder).dev)
    const bytes = randomBytes(200_000)
    fs.writeFileSync(here.at('file'), bytes)
    fs.chmodSync(here.at('file'), 0o711)
    fs.utimesSync(here.at('file'), 1000, 2000)
    fs.writeFileSync(join(other, 'file'), 'replaced')
    expect((await here.run('file-move', 'file', join(other, 'file'), '1')).code).toBe(0)
    expect(fs.readFileSync(join(other, 'file')).equals(bytes)).toBe(true)
    const { mode, mtimeMs } = fs.statSync(join(other, 'file'))
    expect([mode & 0o7777, mtimeMs]).toEqual([0o711, 2_000_000])
    expect([fs.readdirSync(here.folder), fs.readdirSync(other)]).toEqual([[], ['file']])
    fs.mkdirSync(here.at('folder'))
    expect(errorOf(await here.run('file-move', 'folder', join(other, 'folder'), '1')).error).toBe(EXDEV)
  })
})

describe('file-remove', () => {
  test('removes one, or all below, and never what a link points to', async () => {
    fs.mkdirSync(here.at('kept'))
    fs.writeFileSync(here.at('kept/file'), 'kept')
    fs.mkdirSync(here.at('tree/deep/deeper'), { recursive: true })
    for (const name of ['tree/file', 'tree/deep/file', 'tree/deep/deeper/file'])
      fs.writeFileSync(here.at(name), '')
    fs.symlinkSync(here.at('kept'), here.at('tree/deep/link'))
    fs.symlinkSync('kept', here.at('link'))
    expect(errorOf(await here.run('file-remove', 'tree', '0'))).toEqual({ error: ENOTEMPTY, path: 'tree' })
    expect((await here.run('file-remove', 'tree', '1')).code).toBe(0)
    expect((await here.run('file-remove', 'link/', '1')).code).toBe(0)
    expect(fs.readdirSync(here.folder)).toEqual(['kept'])
    expect(here.content('kept/file')).toBe('kept')
    expect(errorOf(await here.run('file-remove', 'none', '1')).error).toBe(ENOENT)
  })

  test.each(['/', '.', '..', 'x/.', 'x/..'])('refuses %s before anything is touched', async (path) => {
    fs.mkdirSync(here.at('x'))
    fs.writeFileSync(here.at('x/file'), '')
    expect(errorOf(await here.run('file-remove', path, '1')).error).toBe(EINVAL)
    expect(fs.existsSync(here.at('x/file'))).toBe(true)
  })

  test('removes a wide tree and a deep one, and gives up on one without end', async () => {
    fs.mkdirSync(here.at('wide'))
    for (let i = 0; i < 1000; i++) fs.writeFileSync(here.at(`wide/${i}`), '')
    expect((await here.run('file-remove', 'wide', '1')).code).toBe(0)
    fs.mkdirSync(here.at(`deep${'/d'.repeat(300)}`), { recursive: true })
    expect((await here.run('file-remove', 'deep', '1')).code).toBe(0)
    fs.mkdirSync(here.at(`deep${'/d'.repeat(600)}`), { recursive: true })
    expect(errorOf(await here.run('file-remove', 'deep', '1')).error).toBe(ENAMETOOLONG)
  })

  test.runIf(nobody)('of which a part may not be removed names that part', async () => {
    fs.mkdirSync(here.at('tree/closed'), { recursive: true })
    fs.writeFileSync(here.at('tree/closed/file'), '')
    for (const path of [here.folder, here.at('tree')]) fs.chownSync(path, 65534, 65534)
    const end = await here.runAs(nobody, 'file-remove', 'tree', '1')
    expect(errorOf(end)).toEqual({ error: EACCES, path: 'tree/closed/file' })
  })

  test('while a folder in it is swapped for a link again and again removes nothing elsewhere', async () => {
    fs.mkdirSync(here.at('kept'))
    for (let i = 0; i < 200; i++) fs.writeFileSync(here.at(`kept/${i}`), '')
    const swap = `const fs = require('fs'); for (;;) try {
      fs.rmSync('folder', { recursive: true, force: true })
      fs.mkdirSync('tree/d', { recursive: true }); fs.writeFileSync('tree/d/f', '')
      for (;;) {
        fs.renameSync('tree/d', 'folder'); fs.symlinkSync('${here.folder}/kept', 'tree/d')
        fs.unlinkSync('tree/d'); fs.renameSync('folder', 'tree/d')
      }
    } catch {}`
    const argv = [process.execPath, '-e', swap]
    const attacker = here.supervisor.spawn({ argv, cwd: here.folder, env: ['PATH=/usr/bin:/bin'] })
    await expect.poll(() => fs.existsSync(here.at('tree'))).toBe(true)
    for (let i = 0; i < 300; i++) await here.run('file-remove', 'tree', '1')
    here.supervisor.kill(attacker, 9, 0)
    await here.supervisor.ended(attacker)
    expect(fs.readdirSync(here.at('kept'))).toHaveLength(200)
  })
})
