import { describe, expect, test } from 'vitest'
import { firstLine, output } from '../../src/testing/case-tools.js'
import { usePlaces } from './places.js'

const places = usePlaces()
const limited = { Memory: 64 * 1024 ** 2, MemorySwap: 64 * 1024 ** 2 }
/** Touches more than the container may have. */
const greedy = ['dd', 'if=/dev/zero', 'of=/dev/null', 'bs=200M', 'count=1']

describe.each([
  ['of ours', () => places.ours(limited)],
  ['of somebody else', () => places.others({ HostConfig: limited })],
])('out of memory in a container %s', (_name, start) => {
  test('the command itself: its reason', async () => {
    const { exit } = await places.runner(await start()).run(greedy)
    expect(exit).toMatchObject({ reason: 'oom', signal: 'SIGKILL', oomKills: 1, succeeded: false })
    expect(exit.code).toBeUndefined()
    expect(exit.evidence).toBe('wait4')
  })

  test('a child of it: its own end stands, and the kill is told beside it', async () => {
    const runner = places.runner(await start())
    const { exit } = await runner.run(['sh', '-c', `${greedy.join(' ')}; exit $?`])
    expect(exit).toMatchObject({ reason: 'exited', code: 137, oomKills: 1 })
    const saved = await runner.run(['sh', '-c', `${greedy.join(' ')}; true`])
    expect(saved.exit).toMatchObject({ reason: 'exited', code: 0, succeeded: true, oomKills: 1 })
  })

  test('a kill from elsewhere is none, before and after', async () => {
    const runner = places.runner(await start())
    const killed = async () => (await runner.run(['sh', '-c', 'kill -9 $$'])).exit
    const first = await killed()
    expect(first).toMatchObject({ reason: 'signaled', signal: 'SIGKILL' })
    expect((await runner.run(greedy)).exit.reason).toBe('oom')
    for (const exit of [first, await killed()]) expect(exit).not.toHaveProperty('oomKills')
  })

  test('what we killed was killed by us', async () => {
    const command = places.runner(await start()).spawn(['sleep', '60'])
    await command.started
    await command.kill({ signal: 'SIGKILL' })
    expect((await command.exit).reason).toBe('killed')
  })
})

describe('two commands at once', () => {
  test('of which one takes the memory: the other, killed by somebody afterwards, was not out of it', async () => {
    const runner = places.runner(await places.ours(limited))
    const other = runner.spawn(['sh', '-c', 'echo $$; exec sleep 60'])
    const pid = await firstLine(other)
    expect((await runner.run(greedy)).exit.reason).toBe('oom')
    await output(runner.run(['kill', '-9', pid]))
    const exit = await other.exit
    expect(exit).toMatchObject({ reason: 'signaled', signal: 'SIGKILL' })
    expect(exit).not.toHaveProperty('oomKills')
  })

  test('that both take it: each has a kill of its own', async () => {
    const runner = places.runner(await places.ours(limited))
    const exits = await Promise.all([runner.run(greedy), runner.run(greedy)])
    expect(exits.map(({ exit }) => exit.reason)).toEqual(['oom', 'oom'])
  })
})

test('the counter of the other cgroup version is read as well', async () => {
  // In place of the cgroups: a file of the shape that version 2 has, and no version 1.
  const container = await places.others({ HostConfig: { Tmpfs: { '/sys/fs/cgroup': '' } } })
  const fill = (kills: number) =>
    `printf 'low 0\\nhigh 12\\nmax 3\\noom 99\\noom_kill ${kills}\\noom_group_kill 0\\n' > /sys/fs/cgroup/memory.events`
  const before = await places.engine.createExec(container.id, {
    argv: ['sh', '-c', fill(41)],
    user: '0',
    stdin: false,
  })
  await new Promise((resolve, reject) => {
    void places.engine.startExec(before).then((socket) => socket.resume().once('close', resolve), reject)
  })
  const { exit } = await places.runner(container).run(['sh', '-c', `${fill(43)}; kill -9 $$`])
  expect(exit).toMatchObject({ reason: 'oom', oomKills: 2 })
})
