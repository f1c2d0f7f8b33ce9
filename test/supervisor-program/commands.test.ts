import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { SupervisorProcess } from './supervisor-process.js'

let supervisor: SupervisorProcess

beforeAll(async () => {
  supervisor = await SupervisorProcess.open()
})

afterAll(async () => {
  await supervisor.close()
})

const PATH = 'PATH=/usr/bin:/bin'
const sh = (script: string) => ({ argv: ['sh', '-c', script], env: [PATH], cwd: '/' })

test('runs a command and tells its end', async () => {
  const end = await supervisor.run({ argv: ['true'], env: [PATH], cwd: '/' })
  expect(end).toMatchObject({ code: 0, cause: 0, verified: 1, survivors: 0, killed: 0 })
  expect(end.types).toEqual([0x82, 0x85, 0x85, 0x88])
})

test('keeps stdout and stderr apart', async () => {
  const end = await supervisor.run(sh('printf out; printf err >&2; exit 3'))
  expect([end.stdout.toString(), end.stderr.toString(), end.code]).toEqual(['out', 'err', 3])
})

test('brings stdin and its end', async () => {
  const bytes = Buffer.alloc(100_000, 'abc')
  const end = await supervisor.run({ argv: ['sha256sum'], env: [PATH], cwd: '/' }, bytes)
  expect(end.stdout.toString().slice(0, 64)).toBe(createHash('sha256').update(bytes).digest('hex'))
})
