import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ContainerEngine } from '../../src/engine/container-engine.js'
import { execInContainer } from '../../src/exec/exec-in-container.js'
import { runInContainer } from '../../src/exec/run-in-container.js'
import { collect } from '../../src/streaming/collect.js'
import {
  createTestContainer,
  removeTestContainer,
  startTestContainer,
  testEngine,
} from '../support/io-container.js'

const sh = (script: string): string[] => ['sh', '-c', script]
let engine: ContainerEngine
let id: string

beforeAll(async () => {
  engine = await testEngine()
  id = await startTestContainer(engine)
})

afterAll(async () => {
  await removeTestContainer(engine, id)
  await engine.close()
})

describe('what a command gets and gives', () => {
  it('keeps arguments, environment, folder and user', async () => {
    const script = 'printf "%s|" "$@"; printf "%s|" "$A"; pwd; id -u'
    const { stdout, exit } = await runInContainer(
      engine,
      id,
      ['sh', '-c', script, 'x', 'a b', '', '"$HOME"'],
      {
        env: { A: 'é\n=' },
        cwd: '/tmp',
        user: '1234',
      },
    )
    expect(stdout).toBe('a b||"$HOME"|é\n=|/tmp\n1234\n')
    expect(exit).toEqual({ reason: 'exited', code: 0, succeeded: true, evidence: 'inspect' })
  })

  it('keeps stdout and stderr apart and whole', async () => {
    const script = 'head -c 3000000 /dev/urandom | tee /tmp/bytes; echo warn >&2'
    const { stdoutBytes, stderr } = await runInContainer(engine, id, sh(script))
    const { stdout: sum } = await runInContainer(engine, id, ['sha256sum', '/tmp/bytes'])
    expect(createHash('sha256').update(stdoutBytes).digest('hex')).toBe(sum.split(' ')[0])
    expect(stderr).toBe('warn\n')
  })

  it('brings stdin in every form, with a real end-of-file', async () => {
    const chunks = Readable.from([Buffer.alloc(1_000_000, 1), Buffer.alloc(500_000, 2)])
    const counts = await Promise.all(
      ['text é', new Uint8Array(300_000), chunks, { text: 'pipe' }].map((stdin) =>
        runInContainer(engine, id, ['wc', '-c'], { stdin }),
      ),
    )
    expect(counts.map(({ stdout }) => Number(stdout))).toEqual([7, 300_000, 1_500_000, 4])
    expect((await runInContainer(engine, id, ['wc', '-c'])).stdout.trim()).toBe('0')
  })

  it('gives a pipe to write to while the command runs', async () => {
    const command = execInContainer(engine, id, ['cat'], { stdin: 'pipe' })
    command.stdin.write('one\n')
    for await (const chunk of command.stdout) {
      expect(String(chunk)).toBe('one\n')
      break
    }
    command.stdin.end('two\n')
    expect((await collect(command.stdout)).text).toBe('two\n')
    expect((await command.exit).code).toBe(0)
  })

  it('does not wait for a command that reads only some of its stdin', async () => {
    const stdin = new Uint8Array(20_000_000)
    expect((await runInContainer(engine, id, ['head', '-c', '3'], { stdin })).exit.code).toBe(0)
  })
})

describe('how it ended', () => {
  it.each([
    ['exit 0', { code: 0, succeeded: true }],
    ['exit 3', { code: 3, succeeded: false }],
    ['exit 126', { code: 126, succeeded: false }],
    ['exit 127', { code: 127, succeeded: false }],
    ['printf "not found\\r\\n"; exit 127', { code: 127, succeeded: false }],
    ['exit 255', { code: 255, succeeded: false }],
    ['kill -TERM $$', { code: 143, possibleSignal: 'SIGTERM' }],
    ['exit 137', { code: 137, possibleSignal: 'SIGKILL' }],
  ])('%s', async (script, expected) => {
    const { exit } = await runInContainer(engine, id, sh(script))
    expect(exit).toMatchObject({ reason: 'exited', evidence: 'inspect', ...expected })
  })

  it('does not take the end of the output for the end of the process', async () => {
    const { exit, stdout } = await runInContainer(engine, id, sh('echo hi; exec >&- 2>&-; sleep 0.5; exit 7'))
    expect(stdout).toBe('hi\n')
    expect(exit.code).toBe(7)
  })

  it('is the container’s death when that is what it was', async () => {
    const doomed = await startTestContainer(engine)
    try {
      const command = execInContainer(engine, doomed, ['sleep', '60'])
      await command.started
      await engine.killContainer(doomed, 'SIGKILL')
      expect(await command.exit).toMatchObject({ reason: 'containerDied', succeeded: false })
    } finally {
      await removeTestContainer(engine, doomed)
    }
  })

  it('is aborted when its signal is, at any time', async () => {
    for (const ms of [0, 5, 30, 150]) {
      const controller = new AbortController()
      const command = execInContainer(engine, id, ['sleep', '1'], { signal: controller.signal })
      setTimeout(() => controller.abort(new Error('enough')), ms)
      expect(await command.exit).toMatchObject({ reason: 'aborted', evidence: 'none' })
    }
    const command = execInContainer(engine, id, ['sleep', '1'], { signal: AbortSignal.abort() })
    await expect(command.started).rejects.toMatchObject({ code: 'ABORTED' })
  })

  it('runs nothing when it is aborted between the exec and its start', async () => {
    const controller = new AbortController()
    let execId = ''
    const createExec: ContainerEngine['createExec'] = async (...args) => {
      execId = await engine.createExec(...args)
      controller.abort()
      return execId
    }
    const command = execInContainer({ ...engine, createExec }, id, ['touch', '/ran'], {
      signal: controller.signal,
    })
    expect(await command.exit).toMatchObject({ reason: 'aborted', evidence: 'none' })
    expect(await engine.inspectExec(execId)).toMatchObject({ running: false, pid: 0 })
    expect((await runInContainer(engine, id, ['test', '-e', '/ran'])).exit.code).toBe(1)
  })

  it('says when a source of stdin failed, and does not pass the rest off as whole', async () => {
    const stdin = Readable.from(
      (async function* () {
        yield Buffer.from('half')
        await delay(50)
        throw new Error('disk gone')
      })(),
    )
    const exit = await execInContainer(engine, id, ['cat'], { stdin }).exit
    expect(exit.explanation).toContain('disk gone')
  })
})

describe('a command that never ran', () => {
  it.each([
    ['a missing program', ['nope'], {}, { stage: 'exec', details: { errno: 'ENOENT' } }],
    ['a file that is no program', ['/etc/passwd'], {}, { stage: 'exec', details: { errno: 'EACCES' } }],
    ['a missing user', ['true'], { user: 'nobody2' }, { stage: 'user' }],
    ['a missing folder', ['true'], { cwd: '/nope' }, { stage: 'cwd' }],
  ])('%s is a SpawnError, with nothing in stdout', async (_, argv, options, expected) => {
    const command = execInContainer(engine, id, argv, options)
    const output = Promise.all([collect(command.stdout), collect(command.stderr)])
    await expect(command.started).rejects.toMatchObject({
      name: 'SpawnError',
      code: 'SPAWN_FAILED',
      ...expected,
    })
    expect(await command.exit).toMatchObject({ reason: 'spawnFailed', succeeded: false })
    expect((await output).map(({ text }) => text)).toEqual(['', ''])
  })

  it.each([
    ['paused', async (one: string) => engine.pauseContainer(one)],
    ['stopped', async (one: string) => engine.stopContainer(one, 0)],
  ])('%s is CONTAINER_STATE', async (_, bring) => {
    const one = await startTestContainer(engine)
    try {
      await bring(one)
      await expect(runInContainer(engine, one, ['true'])).rejects.toMatchObject({ code: 'CONTAINER_STATE' })
    } finally {
      await removeTestContainer(engine, one)
    }
  })

  it('is told apart for containers created only and for those that are not there', async () => {
    const created = await createTestContainer(engine)
    try {
      await expect(runInContainer(engine, created, ['true'])).rejects.toMatchObject({
        code: 'CONTAINER_STATE',
      })
    } finally {
      await removeTestContainer(engine, created)
    }
    await expect(runInContainer(engine, created, ['true'])).rejects.toMatchObject({
      code: 'CONTAINER_NOT_FOUND',
    })
  })

  it.each([
    [[], {}],
    [['a\0b'], {}],
    [['true'], { env: { 'A=B': '' } }],
    [['true'], { cwd: 'relative' }],
  ])('%j %j is refused', (argv, options) => {
    expect(() => execInContainer(engine, id, argv, options)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    )
  })
})

it('runs 50 at once, each with its own output and code', async () => {
  const runs = Array.from({ length: 50 }, (_, n) => runInContainer(engine, id, sh(`echo ${n}; exit ${n}`)))
  const results = await Promise.all(runs)
  expect(results.map(({ stdout, exit }) => [stdout, exit.code])).toEqual(results.map((_, n) => [`${n}\n`, n]))
})

it.each([1_200_000, 1_300_000, 1_400_000])(
  'loses nothing of %d bytes without a word to a reader who stalls beyond the exit',
  async (bytes) => {
    // More than the engine's pipes hold: what it still had when its 2 s after the exit were over would be lost.
    const command = execInContainer(engine, id, sh(`head -c ${bytes} /dev/zero`))
    let received = 0
    command.stdout.on('data', (chunk: Buffer) => {
      received += chunk.length
      if (received === chunk.length) command.stdout.pause()
    })
    expect((await command.exit).code).toBe(0)
    command.stdout.resume()
    await finished(command.stdout)
    expect(received + command.stdout.droppedBytes).toBe(bytes)
  },
)

it('does not let an unread or stalled stream hold up the process or the engine', async () => {
  const command = execInContainer(engine, id, sh('head -c 30000000 /dev/zero; exit 4'), { maxStallMs: 100 })
  command.stdout.once('data', () => command.stdout.pause())
  expect((await command.exit).code).toBe(4)
})
