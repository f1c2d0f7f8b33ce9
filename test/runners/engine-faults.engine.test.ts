import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { finished } from 'node:stream/promises'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Command } from '../../src/command/command.js'
import type { CommandExit } from '../../src/command/command-exit.js'
import { DockerHarness } from '../../src/harness/docker-harness.js'
import { DockerRunner, type DockerRunnerOptions } from '../../src/runners/docker-runner.js'
import { firstLine, forever, uniqueWord } from '../../src/testing/case-tools.js'
import { BUSYBOX_IMAGE, startPrivateEngine, testLabels, type PrivateEngine } from '../support/engine.js'

/** The three ways to a container's commands. */
const ways = ['ours', 'others', 'plain'] as const
type Way = (typeof ways)[number]

/** A harness of an engine, and runners for new containers of it. */
async function runnersOf(own: PrivateEngine) {
  const harness = await DockerHarness.connect({ host: own.endpoint, env: {} })
  onTestFinished(() => harness.close())
  return async (way: Way, options: Partial<DockerRunnerOptions> = {}) => {
    const container = await harness.create({
      image: BUSYBOX_IMAGE,
      network: 'none',
      pullPolicy: 'never',
      labels: testLabels(),
      ...(way === 'ours' ? { init: 'supervisor' } : { command: ['sleep', '600'] }),
    })
    await container.start()
    const supervisor = way === 'plain' ? 'never' : 'required'
    const runner = new DockerRunner({ harness, container, supervisor, ...options })
    onTestFinished(() => runner.close())
    return runner
  }
}

/** What is looked at from outside: these engines' containers are processes of this machine. */
function aliveWith(word: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(word)
    } catch {
      return false // it has ended meanwhile
    }
  })
}

function expectNothingKnown(exit: CommandExit): void {
  expect([exit.succeeded, exit.evidence]).toEqual([false, 'none'])
  for (const name of ['code', 'signal', 'cpuTimeMs']) expect(exit).not.toHaveProperty(name)
}

describe('an engine that goes away in mid-command', { timeout: 60_000 }, () => {
  let own: PrivateEngine
  beforeAll(async () => {
    own = await startPrivateEngine()
  })
  afterAll(() => own?.close())

  /** One command on each way, all of which run. */
  async function running(word: string, options: Partial<DockerRunnerOptions>): Promise<Command[]> {
    const runnerFor = await runnersOf(own)
    const commands = []
    for (const way of ways) {
      const command = (await runnerFor(way, options)).spawn(forever(word))
      await firstLine(command)
      commands.push(command)
    }
    return commands
  }

  test('killed, and not back in time: nobody knows what becomes of the commands', async () => {
    const word = uniqueWord()
    const commands = await running(word, { orphanGraceMs: 500, heartbeatMs: 300 })
    await own.kill()
    const exits = await Promise.all(commands.map(({ exit }) => exit))
    expect(exits.map(({ reason }) => reason)).toEqual(['engineLost', 'engineLost', 'engineLost'])
    for (const exit of exits) {
      expectNothingKnown(exit)
      expect(exit.explanation).toMatch(/engine|connection/i)
    }
    // Whoever holds their streams for the engine does not let go of them, but the supervisors hear nothing more: what
    // runs on is plain exec's.
    await expect.poll(() => aliveWith(word).length).toBe(1)
    await own.start()
    expect(aliveWith(word)).toEqual([])
  })

  test('killed and started again, which ends its containers: their commands died with them', async () => {
    const word = uniqueWord()
    const commands = await running(word, { orphanGraceMs: 60_000 })
    await own.kill()
    await own.start()
    const exits = await Promise.all(commands.map(({ exit }) => exit))
    expect(exits.map(({ reason }) => reason)).toEqual(['containerDied', 'containerDied', 'containerDied'])
    exits.forEach(expectNothingKnown)
    expect(aliveWith(word)).toEqual([])
  })

  test('told to stop, which stops its containers: their commands died with them', async () => {
    const word = uniqueWord()
    const commands = await running(word, { orphanGraceMs: 500 })
    await own.stop()
    const exits = await Promise.all(commands.map(({ exit }) => exit))
    await own.start()
    expect(aliveWith(word)).toEqual([])
    for (const exit of exits) {
      expect(exit).toMatchObject({
        succeeded: false,
        reason: expect.stringMatching(/containerDied|engineLost/) as string,
      })
      // An engine may live just long enough to tell what it saw.
      if (exit.evidence === 'inspect') expect(exit.code).toBe(137)
      else expect(exit).not.toHaveProperty('code')
    }
  })
})

describe('an engine that leaves its containers running', { timeout: 60_000 }, () => {
  let own: PrivateEngine
  beforeAll(async () => {
    own = await startPrivateEngine({ liveRestore: true })
  })
  afterAll(() => own?.close())

  test('killed and started again: commands go on, and not a byte is lost or repeated', async () => {
    const runnerFor = await runnersOf(own)
    const script =
      'i=0; while [ $i -lt 100000 ]; do echo $i; i=$((i + 1)); done; read -r end; echo $end; exit 7'
    const begun: Promise<unknown>[] = []
    const commands = []
    for (const way of ['ours', 'others'] as const) {
      const command = (await runnerFor(way, { orphanGraceMs: 60_000 })).spawn(['sh', '-c', script], {
        stdin: 'pipe',
      })
      const hash = createHash('sha256')
      begun.push(
        once(
          command.stdout.on('data', (bytes) => hash.update(bytes as Buffer)),
          'data',
        ),
      )
      commands.push({ command, hash })
    }
    await Promise.all(begun)
    await own.kill()
    await own.start()
    const counted = Array.from({ length: 100_000 }, (_, index) => `${index}\n`).join('')
    const expected = createHash('sha256').update(`${counted}the end\n`).digest('hex')
    for (const { command, hash } of commands) {
      command.stdin.end('the end\n')
      expect(await command.exit).toMatchObject({ reason: 'exited', code: 7, evidence: 'wait4' })
      await finished(command.stdout)
      expect(hash.digest('hex')).toBe(expected)
    }
  })

  test('killed and started again: of what plain exec had started nobody knows how it ended', async () => {
    const word = uniqueWord()
    const command = (await (await runnersOf(own))('plain')).spawn(forever(word))
    await firstLine(command)
    await own.kill()
    await own.start()
    const exit = await command.exit
    expect(exit.reason).toBe('unknown')
    expectNothingKnown(exit)
    expect(exit.explanation).toContain('no longer knows')
  })
})
