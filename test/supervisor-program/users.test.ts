import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { SupervisorProcess } from './supervisor-process.js'

// For a sanitized build on a busy machine.
vi.setConfig({ testTimeout: 30_000 })

let supervisor: SupervisorProcess

beforeAll(async () => {
  supervisor = await SupervisorProcess.open()
})

afterAll(async () => {
  await supervisor.close()
})

const PATH = 'PATH=/usr/bin:/bin'
const stageUser = 2
const [EPERM, ENOENT, EINVAL] = [1, 2, 22]
const root = process.getuid?.() === 0
const as = (user: string, ...argv: string[]) => ({ argv, env: [PATH], user, cwd: '/' })
const idOf = async (user: string) => {
  const end = await supervisor.run(as(user, 'sh', '-c', 'echo $(id -u):$(id -g):$(id -G)'))
  return end.failure ?? end.stdout.toString().trim()
}

/** A user with more groups than one, as the system itself sees it. */
const [name, uid, gid] = ['nobody', '-u', '-g'].map((what, i) =>
  i === 0 ? what : execFileSync('id', [what, 'nobody']).toString().trim(),
) as [string, string, string]

const asRoot = () => {
  test('a name and a number are the same user', async () => {
    expect(await idOf(name)).toBe(`${uid}:${gid}:${gid}`)
    expect(await idOf(uid)).toBe(`${uid}:${gid}:${gid}`)
  })

  test('a group that is named stands alone', async () => {
    expect(await idOf(`${name}:daemon`)).toBe(`${uid}:1:1`)
    expect(await idOf('12345:54321')).toBe('12345:54321:54321')
  })

  test('a number that passwd does not know has group 0, no name and / as home', async () => {
    expect(await idOf('12345')).toBe('12345:0:0')
    const end = await supervisor.run({ ...as('12345', 'env'), flags: 4 })
    expect(end.stdout.toString().trim().split('\n').sort()).toEqual(['HOME=/', PATH])
  })

  test('HOME, USER and LOGNAME come from passwd', async () => {
    const end = await supervisor.run({ ...as('daemon', 'env'), flags: 4 })
    const lines = end.stdout.toString().trim().split('\n')
    expect(lines.sort()).toEqual(['HOME=/usr/sbin', 'LOGNAME=daemon', PATH, 'USER=daemon'])
  })

  test('without a folder, the home is it, and / where there is no home', async () => {
    const inHome = { argv: ['pwd'], env: [PATH], user: 'daemon' }
    expect((await supervisor.run(inHome)).stdout.toString()).toBe('/usr/sbin\n')
    expect((await supervisor.run({ ...inHome, user: 'nobody' })).stdout.toString()).toBe('/\n')
  })

  test('no privilege is left, and stdout can be opened again', async () => {
    const status = await supervisor.run(as('daemon', 'cat', '/proc/self/status'))
    expect(status.stdout.toString()).toMatch(/CapEff:\t0+\n/)
    expect(status.stdout.toString()).toMatch(/CapPrm:\t0+\n/)
    const again = await supervisor.run(as('daemon', 'sh', '-c', 'echo again > /dev/stdout'))
    expect(again.stdout.toString()).toBe('again\n')
  })

  test('neither supervisor nor monitor can be read or signalled by the command', async () => {
    const script =
      'for pid in $PPID $1; do cat /proc/$pid/environ; ls /proc/$pid/fd; kill -9 $pid; done; echo still here'
    const end = await supervisor.run(as('daemon', 'sh', '-c', script, 'sh', String(supervisor.child.pid)))
    expect(end.stdout.toString()).toBe('still here\n')
    expect(end.stderr.toString().match(/denied|not permitted/g)).toHaveLength(6)
    expect(await supervisor.run(as('daemon', 'true'))).toMatchObject({ code: 0 })
  })

  test('one of its own is nobody else, has no other group, no name, and / as home', async () => {
    const own = { argv: ['sh', '-c', 'echo $(id -u):$(id -g):$(id -G); env'], env: [PATH], flags: 64 | 4 }
    const ends = await Promise.all(Array.from({ length: 20 }, () => supervisor.run(own)))
    const ids = ends.map(({ stdout }) => stdout.toString().split('\n')[0]?.split(':') ?? [])
    expect(new Set(ids.map(([id]) => id)).size).toBe(20)
    for (const [id, group, groups] of ids) {
      expect(Number(id)).toBeGreaterThan(16_384)
      expect([group, groups]).toEqual([id, id])
    }
    expect(ends[0]?.stdout.toString()).toContain('HOME=/\n')
    expect(ends[0]?.stdout.toString()).not.toContain('USER=')
  })

  test('a user that is named and one of its own contradict each other', async () => {
    expect((await supervisor.run({ ...as('daemon', 'true'), flags: 64 })).failure).toMatchObject({
      stage: 6,
      text: 'a user is named, and one of its own asked for',
    })
  })

  test('what belongs to another user is killed with its tree', async () => {
    const number = supervisor.spawn(
      as('daemon', 'sh', '-c', 'trap "" TERM; setsid sleep 100 & echo up; wait'),
    )
    await supervisor.next((frame) => frame.command === number && frame.type === 0x84)
    supervisor.kill(number, 15, 50)
    expect(await supervisor.ended(number)).toMatchObject({ cause: 1, verified: 1, survivors: 0 })
  })
}

const withoutRoot = () => {
  test('one of its own is refused', async () => {
    const end = await supervisor.run({ argv: ['true'], env: [PATH], cwd: '/', flags: 64 })
    expect(end.failure).toMatchObject({ stage: stageUser, error: EPERM })
  })

  test('another user is refused, our own is not', async () => {
    expect(await idOf('0')).toMatchObject({ stage: stageUser, error: EPERM })
    expect(await idOf(String(process.getuid?.()))).toMatch(new RegExp(`^${process.getuid?.()}:`))
  })
}

if (root) describe('as root', asRoot)
else describe('without root', withoutRoot)

test.each([
  ['no-such-user', ENOENT],
  ['root:no-such-group', ENOENT],
  ['4294967295', ENOENT],
  ['-1', ENOENT],
  [':0', EINVAL],
  ['root:', EINVAL],
  ['x'.repeat(300), EINVAL],
])('the user %s is refused', async (user, error) => {
  expect(await idOf(user)).toMatchObject({ stage: stageUser, error })
})
