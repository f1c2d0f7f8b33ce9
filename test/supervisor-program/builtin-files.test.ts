import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import { describe, expect, test } from 'vitest'
import { Builtins, builtinFlag, commit, errorOf, nobody, writeFields, errno } from './builtin-tools.js'
import { encodeFrame, encodeRecord, FrameType, u32, type Field } from './codec.js'

const stdinOpen = 1

const { ENOENT, ENXIO, ENOTDIR, EISDIR, EINVAL, EFBIG, ENAMETOOLONG, ELOOP, ECANCELED } = errno

const here = new Builtins()

describe('file-read', () => {
  test('gives bytes as they are, all or some', async () => {
    const bytes = randomBytes(300_000)
    fs.writeFileSync(here.at('file'), bytes)
    expect((await here.run('file-read', 'file', '0', '1000000', '1')).stdout.equals(bytes)).toBe(true)
    const some = await here.run('file-read', here.at('file'), '100000', '70000', '0')
    expect(some.stdout.equals(bytes.subarray(100_000, 170_000))).toBe(true)
    expect((await here.run('file-read', 'file', '400000', '5', '0')).stdout.length).toBe(0)
  })

  test('of more than was to be is an error', async () => {
    fs.writeFileSync(here.at('file'), 'four')
    expect(errorOf(await here.run('file-read', 'file', '0', '3', '1'))).toEqual({
      error: EFBIG,
      path: 'file',
    })
    expect((await here.run('file-read', 'file', '0', '4', '1')).stdout.toString()).toBe('four')
    expect(errorOf(await here.run('file-read', '/proc/self/status', '0', '100', '1')).error).toBe(EFBIG)
    expect((await here.run('file-read', '/proc/self/status', '0', '100000', '1')).stdout.toString()).toMatch(
      /^Name:/,
    )
  })

  test('of what is no file is an error, and waits for nothing', async () => {
    expect(errorOf(await here.run('file-read', 'none', '0', '9', '1')).error).toBe(ENOENT)
    expect(errorOf(await here.run('file-read', '.', '0', '9', '1')).error).toBe(EISDIR)
    expect(errorOf(await here.run('file-read', '/dev/zero', '0', '9', '1')).error).toBe(ENXIO)
    await here.supervisor.run({ argv: ['mkfifo', 'fifo'], cwd: here.folder, env: ['PATH=/usr/bin:/bin'] })
    expect(errorOf(await here.run('file-read', 'fifo', '0', '9', '1')).error).toBe(ENXIO)
  })
})

describe('file-write', () => {
  test('puts files in place, each with its own commit, and leaves nothing else', async () => {
    fs.writeFileSync(here.at('old'), 'old', { mode: 0o640 })
    const parents: Field = [2, u32(1)]
    const fields = [
      ...writeFields('new', 'one'),
      commit,
      ...writeFields('old', 'two', [1, u32(0o600)]),
      commit,
      ...writeFields('a/b/c', '', parents),
      commit,
    ]
    expect(await here.write(fields)).toMatchObject({ code: 0, stderr: Buffer.alloc(0) })
    expect([here.content('new'), here.content('old'), here.content('a/b/c')]).toEqual(['one', 'two', ''])
    const modes = ['new', 'old', 'a/b/c', 'a'].map((name) => fs.statSync(here.at(name)).mode & 0o7777)
    expect(modes).toEqual([0o644, 0o600, 0o644, 0o755])
    expect(fs.readdirSync(here.folder).sort()).toEqual(['a', 'new', 'old'])
  })

  test('keeps the mode and, where it may, the owner of what it replaces', async () => {
    fs.writeFileSync(here.at('file'), 'old')
    fs.chmodSync(here.at('file'), 0o4751)
    if (nobody !== undefined) fs.chownSync(here.at('file'), 1234, 4321)
    fs.chmodSync(here.at('file'), 0o4751)
    const before = fs.statSync(here.at('file'))
    await here.write([...writeFields('file', 'new'), commit])
    const { mode, uid, gid, ino } = fs.statSync(here.at('file'))
    expect({ mode, uid, gid }).toEqual({ mode: before.mode, uid: before.uid, gid: before.gid })
    expect(ino).not.toBe(before.ino)
  })

  test.runIf(nobody)('gives no set-user-id to another owner', async () => {
    fs.chownSync(here.folder, 65534, 65534)
    fs.writeFileSync(here.at('file'), 'old')
    fs.chmodSync(here.at('file'), 0o6755)
    expect((await here.write([...writeFields('file', 'new'), commit], nobody)).code).toBe(0)
    const { mode, uid } = fs.statSync(here.at('file'))
    expect([uid, mode & 0o7777]).toEqual([65534, 0o755])
  })

  test('without a commit changes nothing and leaves nothing', async () => {
    fs.writeFileSync(here.at('file'), 'old')
    const end = await here.write(writeFields('file', 'half'))
    expect(errorOf(end)).toEqual({ error: ECANCELED, path: 'file' })
    const torn = encodeRecord([...writeFields('file', 'x'.repeat(1000))]).subarray(0, 500)
    expect(errorOf(await here.supervisor.run(here.request(['file-write']), torn)).error).toBe(ECANCELED)
    expect([here.content('file'), fs.readdirSync(here.folder)]).toEqual(['old', ['file']])
  })

  test('that is killed in the middle changes nothing and leaves nothing', async () => {
    fs.writeFileSync(here.at('file'), 'old')
    const number = here.supervisor.spawn({ ...here.request(['file-write']), flags: builtinFlag | stdinOpen })
    here.supervisor.write(encodeFrame(FrameType.data, number, encodeRecord(writeFields('file', 'half'))))
    await expect.poll(() => fs.readdirSync(here.folder)).toHaveLength(2)
    here.supervisor.kill(number)
    expect(await here.supervisor.ended(number)).toMatchObject({ cause: 1 })
    expect([here.content('file'), fs.readdirSync(here.folder)]).toEqual(['old', ['file']])
  })

  test('goes where a link points to, there or not, and no further than the kernel would', async () => {
    fs.mkdirSync(here.at('there'))
    fs.symlinkSync('there/file', here.at('link'))
    fs.symlinkSync(here.at('link'), here.at('second'))
    fs.symlinkSync('loop', here.at('loop'))
    await here.write([...writeFields('second', 'through'), commit])
    expect(here.content('there/file')).toBe('through')
    expect(fs.lstatSync(here.at('link')).isSymbolicLink()).toBe(true)
    expect(errorOf(await here.write([...writeFields('loop', 'x'), commit])).error).toBe(ELOOP)
  })

  test.each([
    ['in a folder that is not there', 'none/file', ENOENT],
    ['below a file', 'file/below', ENOTDIR],
    ['over a folder', 'folder', EISDIR],
    ['with a slash at the end', 'new/', EISDIR],
    ['of a name that is too long', 'x'.repeat(256), ENAMETOOLONG],
  ])('%s is an error', async (_, path, error) => {
    fs.writeFileSync(here.at('file'), 'old')
    fs.mkdirSync(here.at('folder'))
    const end = await here.write([...writeFields(path, 'x'), commit])
    expect(errorOf(end).error).toBe(error)
    expect(fs.readdirSync(here.folder).sort()).toEqual(['file', 'folder'])
  })

  test.each<[string, Field[]]>([
    ['bytes before a path', [[4, Buffer.from('x')]]],
    ['a commit before a path', [commit]],
    ['a field that is not known', [[9, Buffer.alloc(3)]]],
    ['a mode of another width', [[1, Buffer.alloc(2)]]],
    ['a path that is longer than a path', [[3, Buffer.alloc(5000, 'x')]]],
  ])('refuses %s', async (_, fields) => {
    expect(errorOf(await here.write(fields)).error).toBe(EINVAL)
  })
})
