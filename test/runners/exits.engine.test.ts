import { describe, expect, test } from 'vitest'
import { firstLine, forever, output, uniqueWord, withWord } from '../../src/testing/case-tools.js'
import type { TestContainer } from './container.js'
import { usePlaces } from './places.js'

const places = usePlaces()

describe.each([
  ['of ours', () => places.ours()],
  ['of somebody else', () => places.others()],
])('the exit of a command in a container %s', (_name, start) => {
  test.each<[string, (container: TestContainer) => Promise<void>]>([
    ['killed', (container) => container.act('kill')],
    ['stopped', (container) => container.act('stop?t=0')],
    ['removed by force', (container) => container.remove()],
    ['restarted', (container) => container.act('restart?t=0')],
    [
      'paused and then killed',
      async (container) => {
        await container.act('pause')
        await container.act('kill')
      },
    ],
    [
      'paused and then removed',
      async (container) => {
        await container.act('pause')
        await container.remove()
      },
    ],
  ])('that was %s says so, and has no code', async (how, act) => {
    const container = await start()
    const command = places.runner(container).spawn(forever(uniqueWord()))
    await firstLine(command)
    await act(container)
    const exit = await command.exit
    expect(exit).toMatchObject({ reason: 'containerDied', succeeded: false })
    expect(exit).not.toHaveProperty('code')
    // A supervisor that was told to end before may have seen how its command did.
    if (exit.evidence === 'wait4') expect(['stopped', 'restarted']).toContain(how)
    else for (const name of ['signal', 'cpuTimeMs']) expect(exit).not.toHaveProperty(name)
  })

  test('that was killed while it was being killed: the first cause is what happened', async () => {
    const container = await start()
    const command = places
      .runner(container)
      .spawn(['sh', '-c', 'trap "" TERM; echo up; while :; do sleep 1; done'])
    await firstLine(command)
    const report = command.kill({ graceMs: 60_000 })
    await container.act('kill')
    expect(await command.exit).toMatchObject({ reason: 'containerDied', requested: 'killed' })
    expect((await report).verified).toBe(false)
  })

  test('names what came too late beside what was first', async () => {
    const controller = new AbortController()
    const command = places
      .runner(await start())
      .spawn(['sh', '-c', 'trap "echo told" TERM; while :; do sleep 0.1; done'], {
        signal: controller.signal,
        timeoutMs: 1000,
        graceMs: 2000,
      })
    expect(await firstLine(command)).toBe('told')
    controller.abort()
    expect(await command.exit).toMatchObject({ reason: 'timeout', requested: 'aborted', signal: 'SIGKILL' })
  })
})

describe('beside a main process', () => {
  test('a supervisor that root kills leaves nothing running, and an exit that claims nothing', async () => {
    const container = await places.others()
    const runner = places.runner(container)
    const word = uniqueWord()
    const command = runner.spawn(forever(word))
    await firstLine(command)
    const parentOfMonitor = 'cut -d" " -f4 /proc/$PPID/stat'
    const supervisor = (await output(runner.run(['sh', '-c', parentOfMonitor]))).trim()
    const killer = places.runner(container).spawn(['sh', '-c', `kill -9 ${supervisor}; sleep 60`])
    const exit = await command.exit
    expect(exit).toMatchObject({ reason: 'unknown', evidence: 'none', succeeded: false })
    expect(exit.explanation).toContain('supervisor')
    expect(exit).not.toHaveProperty('code')
    expect((await killer.exit).reason).toBe('unknown')
    await expect.poll(() => withWord(runner, word)).toEqual([])
  })

  test('a monitor that root kills takes its command along, and nobody says how it ended', async () => {
    const container = await places.others()
    const runner = places.runner(container)
    const command = runner.spawn(['sh', '-c', 'echo $PPID; exec sleep 60'])
    const monitor = await firstLine(command)
    const other = runner.spawn(['sh', '-c', 'echo up; read -r line; exit 4'], { stdin: 'pipe' })
    await firstLine(other)
    await output(runner.run(['kill', '-9', monitor]))
    const exit = await command.exit
    expect(exit).toMatchObject({ reason: 'unknown', evidence: 'none', succeeded: false })
    expect(exit).not.toHaveProperty('code')
    other.stdin.end('\n')
    expect(await other.exit).toMatchObject({ reason: 'exited', code: 4 })
  })
})

describe('a command for which there is no room', () => {
  test('at the limit of processes is refused at once, and the supervisor goes on', async () => {
    const runner = places.runner(await places.ours({ PidsLimit: 30 }))
    const script = '(for i in $(seq 40); do sleep 60 & done) 2>/dev/null; echo full; exec sleep 60'
    const hog = runner.spawn(['sh', '-c', script])
    await firstLine(hog)
    const began = performance.now()
    await expect(runner.run(['true'])).rejects.toMatchObject({
      name: 'SpawnError',
      code: 'SPAWN_FAILED',
      stage: 'fork',
      details: { errno: 'EAGAIN', exhausted: 'pids' },
      message: expect.stringContaining('limit on pids') as string,
    })
    expect(performance.now() - began).toBeLessThan(3000)
    expect(await hog.kill({ graceMs: 0 })).toMatchObject({ verified: true, survivors: [] })
    expect((await runner.run(['echo', 'room'])).stdout).toBe('room\n')
  })

  test('at the limit of descriptors too', async () => {
    const container = await places.ours({ Ulimits: [{ Name: 'nofile', Soft: 64, Hard: 64 }] })
    const runner = places.runner(container)
    const commands = Array.from({ length: 40 }, () =>
      runner.spawn(['sh', '-c', 'read -r line; exit 5'], { stdin: 'pipe' }),
    )
    const started = await Promise.allSettled(commands.map(({ started }) => started))
    const refused = started.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[]
    expect(refused.length).toBeGreaterThan(10)
    expect(refused.length).toBeLessThan(40)
    for (const { reason } of refused) {
      expect(reason).toMatchObject({
        name: 'SpawnError',
        stage: 'fork',
        details: { errno: 'EMFILE', exhausted: 'descriptors' },
        message: expect.stringContaining('nofile') as string,
      })
    }
    for (const command of commands) command.stdin.end('\n')
    const exits = await Promise.all(commands.map(({ exit }) => exit))
    expect(exits.filter(({ code }) => code === 5).length).toBe(40 - refused.length)
    expect((await runner.run(['echo', 'room'])).stdout).toBe('room\n')
  })
})
