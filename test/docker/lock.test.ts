import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startOf, withLock } from '../../docker/scripts/lib/lock.mjs'

const lockPath = (name: string) => join(tmpdir(), `anyon-${userInfo().uid}-${name}.lock`)

test('work under one name never overlaps, and a failure frees the name', async () => {
  const name = `test-${randomUUID()}`
  let inside = 0
  const work = async () => {
    expect(++inside).toBe(1)
    await new Promise(setImmediate)
    inside--
    throw new Error('broken')
  }
  const results = await Promise.allSettled([1, 2, 3].map(() => withLock(name, work)))
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
  expect(existsSync(lockPath(name))).toBe(false)
})

test.each([
  ['a process that is gone', () => ({ pid: spawnSync('true').pid, startedAt: '1' })],
  ['another process that had our pid', () => ({ pid: process.pid, startedAt: '1' })],
])('the lock of %s is taken over', async (_, owner) => {
  const name = `test-${randomUUID()}`
  writeFileSync(lockPath(name), JSON.stringify(owner()))
  await expect(withLock(name, () => Promise.resolve('done'))).resolves.toBe('done')
})

test("a living process's start is known and stays the same", () => {
  expect(startOf(process.pid)).toBe(startOf(process.pid))
  expect(startOf(process.pid)).toMatch(/^\d+$/)
})
