import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { HostRunner } from '../../src/runners/host/host-runner.js'

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'anyon-host-files-'))
  onTestFinished(() => rmSync(path, { recursive: true }))
  return path
}

test('the supervisor of the host has the files of the host, relative to the folder of the runner', async () => {
  const cwd = folder()
  await using runner = new HostRunner({ cwd })
  await runner.files.write('sub/notes.md', 'text', { createParents: true, mode: 0o640, sync: true })
  expect(readFileSync(join(cwd, 'sub/notes.md'), 'utf8')).toBe('text')
  expect(statSync(join(cwd, 'sub/notes.md')).mode & 0o777).toBe(0o640)
  const [entry] = await runner.files.list('sub')
  expect(entry).toMatchObject({ name: 'notes.md', path: 'sub/notes.md', type: 'file', sizeBytes: 4 })
  expect(entry?.modifiedAt.getTime()).toBeCloseTo(statSync(join(cwd, 'sub/notes.md')).mtimeMs, -1)
})

test('one slow reader holds up no other call', async () => {
  const cwd = folder()
  writeFileSync(join(cwd, 'large'), Buffer.alloc(16 * 1024 ** 2))
  await using runner = new HostRunner({ cwd })
  const reader = runner.files.stream('large')[Symbol.asyncIterator]()
  await reader.next()
  for (let round = 0; round < 20; round++)
    expect((await runner.files.stat('large')).sizeBytes).toBe(16 * 1024 ** 2)
  await reader.return?.()
})

test('without a supervisor, calls say so and name what is there', async () => {
  await using runner = new HostRunner({ supervisor: 'never' })
  expect([runner.capabilities.files, runner.capabilities.ports]).toEqual([false, false])
  const message = expect.stringContaining('node:fs') as string
  await expect(runner.files.read('/etc/hosts')).rejects.toMatchObject({ code: 'NOT_SUPPORTED', message })
  await expect(runner.files.watch('/etc').ready).rejects.toMatchObject({ code: 'NOT_SUPPORTED' })
  const command = runner.spawn(['sleep', '10'])
  await expect(command.waitForPort(80)).rejects.toMatchObject({ code: 'NOT_SUPPORTED' })
  await command.kill()
})

test('a runner that was closed has no files any more', async () => {
  const runner = new HostRunner()
  await runner.close()
  await expect(runner.files.read('/etc/hosts')).rejects.toMatchObject({ code: 'CLOSED' })
})
