import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { SpawnOptions } from '../../src/command/command-options.js'
import { firstLine, restOf } from '../../src/testing/case-tools.js'
import { usePlaces } from './places.js'
import type { TestContainer } from './container.js'

const places = usePlaces()

/** Says how long all of it took, of which the engine needs some before and after. */
async function pause(container: TestContainer, ms: number): Promise<number> {
  const began = performance.now()
  await container.act('pause')
  await delay(ms)
  await container.act('unpause')
  return performance.now() - began
}

describe.each([
  ['of ours', () => places.ours()],
  ['of somebody else', () => places.others()],
])('a pause of a container %s', (_name, start) => {
  test.each<[string, SpawnOptions]>([
    ['time', { timeoutMs: 2000 }],
    ['silence', { idleTimeoutMs: 2000 }],
  ])('counts for no limit of %s', async (_name, limits) => {
    const container = await start()
    const script = 'echo up; read -r line; exit 5'
    const command = places.runner(container).spawn(['sh', '-c', script], { ...limits, stdin: 'pipe' })
    await firstLine(command)
    const took = await pause(container, 3500)
    command.stdin.end('\n')
    const exit = await command.exit
    expect(exit).toMatchObject({ reason: 'exited', code: 5 })
    expect(exit.pausedMs).toBeGreaterThan(2500)
    expect(exit.pausedMs).toBeLessThan(took + 1000)
  })

  test('leaves a limit what was left of it', async () => {
    const container = await start()
    const command = places
      .runner(container)
      .spawn(['sh', '-c', 'echo up; exec sleep 60'], { timeoutMs: 2000 })
    await firstLine(command)
    const took = await pause(container, 1500)
    const exit = await command.exit
    expect(exit).toMatchObject({ reason: 'timeout', signal: 'SIGTERM' })
    const ran = exit.finishedAt!.getTime() - exit.startedAt!.getTime()
    expect(ran).toBeGreaterThan(3000)
    expect(ran).toBeLessThan(2000 + Math.max(took, exit.pausedMs ?? 0) + 1000)
  })

  test('counts for no grace', async () => {
    const container = await start()
    const script = `trap 'sleep 1; exit 7' TERM; echo up; while :; do sleep 0.05; done`
    const command = places.runner(container).spawn(['sh', '-c', script])
    await firstLine(command)
    const report = command.kill({ graceMs: 3000 })
    await delay(200)
    await pause(container, 3500)
    expect(await command.exit).toMatchObject({ reason: 'killed', code: 7 })
    expect((await report).verified).toBe(true)
  })
})

test('a paused command whose reader waits loses neither its output nor its exit', async () => {
  const container = await places.ours()
  const runner = places.runner(container, { windowBytes: 4096 })
  const command = runner.spawn(['sh', '-c', 'head -c 2000000 /dev/zero'], { timeoutMs: 4000, graceMs: 0 })
  const chunks = command.stdout[Symbol.asyncIterator]()
  let size = ((await chunks.next()).value as Buffer).length
  // Longer than limit, grace and patience with a reader together.
  await pause(container, 4500)
  size += await restOf(chunks)
  expect(size).toBe(2_000_000)
  expect(await command.exit).toMatchObject({ reason: 'exited', code: 0 })
})

test('a limit can be put off while the container is paused', async () => {
  const container = await places.ours()
  const command = places
    .runner(container)
    .spawn(['sh', '-c', 'echo up; sleep 3; exit 5'], { timeoutMs: 2000 })
  await firstLine(command)
  await container.act('pause')
  command.extendTimeout(10_000)
  await delay(1500)
  await container.act('unpause')
  expect(await command.exit).toMatchObject({ reason: 'exited', code: 5 })
})
