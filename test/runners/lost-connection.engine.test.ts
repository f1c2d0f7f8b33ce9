import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BUSYBOX_IMAGE } from '../support/engine.js'
import type { Faults } from '../support/fault-proxy.js'
import { firstLine, forever, uniqueWord, withWord } from '../../src/testing/case-tools.js'
import { throughProxy } from './through-proxy.js'
import { startContainer, type TestContainer } from './container.js'

const execStream = /\/exec\/[^/]+\/start/

describe('a runner that does not resume, and whose connection to the engine is bad', () => {
  let container: TestContainer
  beforeAll(async () => {
    container = await startContainer({ Image: BUSYBOX_IMAGE, Cmd: ['sleep', '600'] })
  })
  afterAll(() => container?.remove())

  const through = (faults: Faults = {}, orphanGraceMs = 0) =>
    throughProxy(container, faults, { orphanGraceMs })

  test('cut in mid-command: the exit says so, nothing is left, and the next command works', async () => {
    const { proxy, runner } = await through()
    const word = uniqueWord()
    const command = runner.spawn(forever(word))
    const killed = runner.spawn(forever(word), { graceMs: 60_000 })
    await Promise.all([firstLine(command), firstLine(killed)])
    const report = killed.kill({ signal: 'SIGCONT' })
    expect(proxy.cut(execStream)).toBe(1)
    expect(await command.exit).toMatchObject({ reason: 'engineLost', evidence: 'none', succeeded: false })
    expect((await command.exit).explanation).toContain('connection')
    expect((await command.exit).code).toBeUndefined()
    expect(await report).toMatchObject({ verified: false })
    expect(await killed.exit).toMatchObject({ reason: 'engineLost', requested: 'killed' })
    await expect.poll(() => withWord(runner, word)).toEqual([])
  })

  test('cut after any number of bytes: never an invented code, never a hang', async () => {
    for (const toClient of [200, 40_000, 2_000_000]) {
      const { runner } = await through({ only: execStream, cutAfterBytes: { toClient } })
      const command = runner.spawn(['sh', '-c', 'head -c 3000000 /dev/zero; exit 3'])
      const [exit, started] = await Promise.all([
        command.exit,
        command.started.then(
          () => true,
          () => false,
        ),
      ])
      expect(exit.code, `after ${toClient} bytes`).toBeUndefined()
      expect(exit.reason).toBe(started ? 'engineLost' : 'spawnFailed')
    }
  })

  test('in halves: not a byte is lost', async () => {
    const { runner } = await through({ only: execStream, chunking: 'halved' })
    const input = Buffer.from(Array.from({ length: 500_000 }, (_, index) => (index * 7) & 255))
    const { stdoutBytes } = await runner.run(['cat'], { stdin: input })
    const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
    expect(hash(stdoutBytes)).toBe(hash(input))
  })

  test('gone before the first command: it never ran, and why', async () => {
    const { proxy, runner } = await through()
    proxy.faults.refuseConnections = true
    proxy.cut()
    const command = runner.spawn(['true'])
    await expect(command.started).rejects.toMatchObject({ stage: 'connect', code: 'ENGINE_UNREACHABLE' })
    proxy.faults.refuseConnections = false
    expect((await runner.run(['echo', 'back'])).stdout).toBe('back\n')
  })
})
