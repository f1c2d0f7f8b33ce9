import { describe, expect, test } from 'vitest'
import type { CommandRunner } from '../../src/command/command-runner.js'
import { Secret } from '../../src/model/secret.js'
import { secretFile } from '../../src/secrets/secret-uses.js'
import { output } from '../../src/testing/case-tools.js'
import { usePlaces } from '../runners/places.js'
import { user } from './attack.js'

const places = usePlaces()

describe('a user who fills every folder in which the supervisor may keep something', () => {
  const folders = ['/tmp', '/var/tmp', '/dev/shm']
  const small = {
    ReadonlyRootfs: true,
    Tmpfs: { '/tmp': 'size=2m,mode=1777', '/var/tmp': 'size=2m,mode=1777' },
    ShmSize: 2 << 20,
  }
  const fill = `for folder in ${folders.join(' ')}; do
    cat /dev/zero > $folder/full 2>/dev/null
    df $folder | tail -n 1
  done`
  const secretStore = { get: () => Promise.resolve(new Secret('one', 'a secret')) }
  const withSecret = { secrets: [secretFile('one', 'one')] }
  const readSecret = ['sh', '-c', 'wc -c < $ANYON_SECRETS_DIR/one']

  async function filled(): Promise<CommandRunner> {
    const runner = places.runner(await places.ours(small), { secretStore })
    expect((await output(runner.run(['sh', '-c', fill], { user }))).match(/100%/g)).toHaveLength(3)
    return runner
  }

  test('has secrets refused, not cut short, until there is room again', async () => {
    const runner = await filled()
    await expect(runner.run(readSecret, withSecret)).rejects.toMatchObject({
      code: 'SECRET_DELIVERY_FAILED',
      stage: 'secrets',
      errno: 'ENOSPC',
      message: expect.stringContaining('full') as string,
    })
    expect(await output(runner.run(['echo', 'on']))).toBe('on\n')
    await output(runner.run(['rm', ...folders.map((folder) => `${folder}/full`)]))
    const { stdout, exit } = await runner.run(readSecret, withSecret)
    expect([stdout, exit.secrets]).toEqual(['8\n', { verified: true }])
  })

  test('takes no byte of what others print for later', async () => {
    const runner = await filled()
    const script = 'head -c 3000000 /dev/zero; exit 3'
    const detached = runner.spawn(['sh', '-c', script], { detached: true, id: 'kept' })
    expect(await detached.exit).toMatchObject({ reason: 'exited', code: 3 })
    const attached = await runner.attach('kept')
    expect((await attached.text()).length).toBe(3_000_000)
    await runner.forget('kept')
  })
})

describe('a user who fills memory, by a tmpfs without end', () => {
  const memory = { Memory: 32 << 20, MemorySwap: 32 << 20, Tmpfs: { '/fill': 'mode=1777' } }

  test('is killed first: commands go before their monitors, and these before the supervisor', async () => {
    const runner = places.runner(await places.ours(memory))
    const scores = 'cat /proc/1/oom_score_adj /proc/$PPID/oom_score_adj /proc/self/oom_score_adj'
    const [own = NaN, monitor = NaN, command = NaN] = (
      await output(runner.run(['sh', '-c', scores], { user }))
    )
      .trim()
      .split('\n')
      .map(Number)
    expect([monitor - own, command - own]).toEqual([100, 200])
    const filling = ['sh', '-c', 'exec cat /dev/zero > /fill/full']
    expect((await runner.run(filling, { user })).exit).toMatchObject({ reason: 'oom', signal: 'SIGKILL' })
  })

  test('leaves no room for others, whose exits are true or claim nothing', async () => {
    const runner = places.runner(await places.ours(memory))
    await runner.run(['sh', '-c', 'exec cat /dev/zero > /fill/full'], { user })
    for (let i = 0; i < 10; i++) {
      const told = await runner.run(['sh', '-c', 'echo on; exit 7']).catch((error: unknown) => error)
      if (told instanceof Error) expect(told).toMatchObject({ name: 'SpawnError' })
      else if ((told as { exit: { code?: number } }).exit.code !== undefined)
        expect(told).toMatchObject({ stdout: 'on\n', exit: { reason: 'exited', code: 7 } })
      else expect(told).toMatchObject({ exit: { succeeded: false, reason: expect.stringMatching(/^(oom|unknown|containerDied)$/) as string } }) // prettier-ignore
    }
  })
})
