import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { ContainerEngine } from '../../src/engine/container-engine.js'
import type { CreateRequest } from '../../src/engine/engine-types.js'
import { runInContainer } from '../../src/exec/run-in-container.js'
import type { LogGap, LogLine } from '../../src/logs/log-entry.js'
import { openLogs } from '../../src/logs/open-logs.js'
import type { LogOptions } from '../../src/logs/log-options.js'
import { startContainer } from '../runners/container.js'
import { BUSYBOX_IMAGE, testEndpoint } from '../support/engine.js'
import { startFaultProxy } from '../support/fault-proxy.js'
import { removeTestContainer, startTestContainer, testEngine } from '../support/io-container.js'

let engine: ContainerEngine
const made: string[] = []

beforeAll(async () => {
  engine = await testEngine()
})
afterEach(async () => {
  await Promise.all(made.splice(0).map((id) => removeTestContainer(engine, id)))
})
afterAll(() => engine.close())

async function run(script: string, request: Partial<CreateRequest> = {}): Promise<string> {
  const id = await startTestContainer(engine, { command: ['sh', '-c', script], ...request })
  made.push(id)
  return id
}

async function finish(id: string): Promise<string> {
  await (
    await engine.waitContainer(id, 'not-running')
  ).result
  return id
}

async function linesOf(id: string, options: LogOptions = {}, from = engine): Promise<(LogLine | LogGap)[]> {
  const lines: (LogLine | LogGap)[] = []
  for await (const line of openLogs(from, id, options).lines()) lines.push(line)
  return lines
}

/** Prints the first line, and the others after {@link go}: what is gone when reading begins, nobody can tell of. */
const numbered = (lines: number): string => `
  line() { i=$((i+1)); echo "line $i of many, many, many"; }
  i=0; line; until [ -e /tmp/go ]; do sleep 0.05; done; while [ $i -lt ${lines} ]; do line; done`

const go = (id: string) => runInContainer(engine, id, ['touch', '/tmp/go'])

const texts = (lines: (LogLine | LogGap)[], stream: string): string[] =>
  lines.filter((line) => line.stream === stream).map(({ text }) => text)

describe('what a log gives', () => {
  it('is both streams, apart, in order, with times when asked for', async () => {
    const id = await finish(
      await run('for i in 1 2 3; do echo out $i; echo err $i >&2; done; printf "no end"'),
    )
    const lines = await linesOf(id, { timestamps: true })
    expect(texts(lines, 'stdout')).toEqual(['out 1', 'out 2', 'out 3', 'no end'])
    expect(texts(lines, 'stderr')).toEqual(['err 1', 'err 2', 'err 3'])
    for (const { time } of lines) expect(Math.abs(Number(time) - Date.now())).toBeLessThan(60_000)
    expect((await linesOf(id, { stderr: false }))[0]).toEqual({ stream: 'stdout', text: 'out 1' })
    expect(texts(await linesOf(id, { stdout: false }), 'stdout')).toEqual([])
    const chunks: string[] = []
    for await (const { bytes } of openLogs(engine, id, { stderr: false }))
      chunks.push(Buffer.from(bytes).toString())
    expect(chunks).toEqual(['out 1\n', 'out 2\n', 'out 3\n', 'no end'])
  })

  it('joins the pieces of long lines and breaks no character', async () => {
    const line = (bytes: number): string => `yes é | head -c ${bytes} | tr -d '\\n'; echo`
    const id = await finish(
      await run(`${line(60_999)}; ${line(16384 + 8192)}; echo; echo short; printf done`),
    )
    const [long = '', exact = '', ...rest] = texts(await linesOf(id), 'stdout')
    expect([long, exact].map((text) => [text.length, text.replaceAll('é', '')])).toEqual([
      [20333, ''],
      [8192, ''],
    ])
    expect(rest).toEqual(['', 'short', 'done'])
  })

  it('is raw with a terminal, long lines included', async () => {
    const script = `echo hi; head -c 40000 /dev/zero | tr '\\0' x; echo; echo err >&2; printf '2026-01-01 end'`
    const id = await finish(await run(script, { terminal: true }))
    const lines = await linesOf(id, { timestamps: true })
    expect(texts(lines, 'stdout')).toEqual(['hi', 'x'.repeat(40_000), 'err', '2026-01-01 end'])
    expect(lines.every(({ time }) => time instanceof Date && !Number.isNaN(Number(time)))).toBe(true)
  })

  it('begins and ends where asked', async () => {
    const id = await finish(await run('echo one; sleep 1.2; echo two; sleep 1.2; echo three'))
    const [one, two, three] = (await linesOf(id, { timestamps: true })) as [LogLine, LogLine, LogLine]
    const since = new Date(Number(two.time) - 500)
    const until = new Date(Number(three.time) - 500)
    expect(one.text).toBe('one')
    expect(texts(await linesOf(id, { since }), 'stdout')).toEqual(['two', 'three'])
    expect(texts(await linesOf(id, { since, until }), 'stdout')).toEqual(['two'])
    expect(texts(await linesOf(id, { tail: 1 }), 'stdout')).toEqual(['three'])
    expect(texts(await linesOf(id, { tail: 0, follow: true }), 'stdout')).toEqual([])
  })
})

describe('following', () => {
  it('gives lines as they come and ends with the container', async () => {
    const id = await run('echo first; while [ ! -e /go ]; do sleep 0.05; done; echo last; exit 3')
    const seen: string[] = []
    for await (const { text } of openLogs(engine, id, { follow: true }).lines()) {
      seen.push(text)
      if (text === 'first')
        await engine.startExec(await engine.createExec(id, { argv: ['touch', '/go'], stdin: false }))
    }
    expect(seen).toEqual(['first', 'last'])
  })

  it('goes on over a restart', async () => {
    const id = await run('echo up; trap "exit 0" TERM; while [ ! -e /end ]; do sleep 0.05; done; echo over')
    const seen: string[] = []
    for await (const { text } of openLogs(engine, id, { follow: true }).lines()) {
      seen.push(text)
      if (seen.length === 1) await engine.restartContainer(id, 5000)
      if (seen.length === 2)
        await engine.startExec(await engine.createExec(id, { argv: ['touch', '/end'], stdin: false }))
    }
    expect(seen).toEqual(['up', 'up', 'over'])
  })

  it('loses and repeats nothing when the connection is cut, again and again', async () => {
    const proxy = await startFaultProxy(testEndpoint())
    const through = await testEngine(proxy.endpoint)
    try {
      const script =
        'i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo out $i; echo err $i >&2; [ $((i%300)) = 0 ] && sleep 0.2; done'
      const id = await run(script)
      const reading = linesOf(id, { follow: true }, through)
      for (let cut = 0; cut < 5; cut++) {
        await delay(200)
        proxy.cut(/\/logs\?/)
      }
      const lines = await reading
      for (const [stream, word] of [
        ['stdout', 'out'],
        ['stderr', 'err'],
      ] as const) {
        expect(texts(lines, stream)).toEqual(Array.from({ length: 3000 }, (_, n) => `${word} ${n + 1}`))
      }
      expect(texts(lines, 'gap')).toEqual([])
    } finally {
      await through.close()
      await proxy.close()
    }
  })

  it('keeps the whole of a log for a slow reader, and lets the engine stop the container meanwhile', async () => {
    const id = await run(
      'i=0; while [ $i -lt 60000 ]; do i=$((i+1)); echo "line $i of many, many, many"; done; touch /tmp/written; sleep 60',
    )
    let count = 0
    for await (const { stream, text } of openLogs(engine, id, { follow: true }).lines()) {
      if (count++ === 0) {
        await expect
          .poll(() => engine.statArchive(id, '/tmp/written').catch(() => 0), { timeout: 20_000 })
          .toBeTruthy()
        await delay(1500) // longer than the engine is kept waiting
        await engine.stopContainer(id, 0)
      }
      if (stream !== 'gap') expect(text).toBe(`line ${count} of many, many, many`)
    }
    expect(count).toBe(60_000)
  })

  it('reports what rotation took from a reader who was away', async () => {
    const limits = { logMaxBytes: 200_000, logMaxFiles: 2 }
    const id = await run(numbered(60_000), limits)
    let away = true
    const lines: (LogLine | LogGap)[] = []
    for await (const line of openLogs(engine, id, { follow: true }).lines()) {
      lines.push(line)
      if (!away) continue
      away = false
      await go(id)
      await finish(id)
      await delay(1500)
    }
    expect(texts(lines, 'stdout').length).toBeLessThan(60_000)
    expect(texts(lines, 'stdout').at(-1)).toBe('line 60000 of many, many, many')
    expect(texts(lines, 'gap').length).toBeGreaterThan(0)
  })

  it('reports what the engine leaves out when it follows across rotations', async () => {
    const limits = { logMaxBytes: 300_000, logMaxFiles: 5 }
    const id = await run(numbered(20_000), limits)
    const lines: (LogLine | LogGap)[] = []
    for await (const line of openLogs(engine, id, { follow: true }).lines()) {
      if (lines.push(line) === 1) await go(id)
    }
    const got = texts(lines, 'stdout').map((text) => Number(text.split(' ')[1]))
    expect(got.filter((n, at) => n <= (got[at - 1] ?? 0))).toEqual([])
    expect(got.at(-1)).toBe(20_000)
    const holes = got.filter((n, at) => n !== (got[at - 1] ?? 0) + 1).length
    // Told whenever something is missing; where the engine's own account is unclear it is told without, too.
    if (holes > 0) expect(texts(lines, 'gap').length, `${holes} holes`).toBeGreaterThan(0)
  })
})

describe('what goes wrong', () => {
  it.each<[string, (abort: () => void) => void]>([
    ['between two lines', (abort) => abort()],
    ['while it waits for one', setImmediate],
  ])('is aborted %s', async (_, soon) => {
    const id = await run('echo hi; sleep 600')
    const controller = new AbortController()
    const seen: string[] = []
    const reading = (async () => {
      for await (const { text } of openLogs(engine, id, {
        follow: true,
        signal: controller.signal,
      }).lines()) {
        seen.push(text)
        soon(() => controller.abort())
      }
    })()
    await expect(reading).rejects.toMatchObject({ code: 'ABORTED' })
    expect(seen).toEqual(['hi'])
    await expect(linesOf(id, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' })
  })

  it('says that a container keeps no log', async () => {
    const quiet = await startContainer({
      Image: BUSYBOX_IMAGE,
      Cmd: ['sleep', '60'],
      HostConfig: { LogConfig: { Type: 'none', Config: {} } },
    })
    made.push(quiet.id)
    await expect(linesOf(quiet.id)).rejects.toMatchObject({ code: 'NOT_SUPPORTED' })
  })

  it('ends when the container is removed', async () => {
    const id = await run('echo hi; sleep 60')
    const seen: string[] = []
    for await (const { text } of openLogs(engine, id, { follow: true }).lines()) {
      seen.push(text)
      await removeTestContainer(engine, id)
    }
    expect(seen).toEqual(['hi'])
    await expect(linesOf(id)).rejects.toMatchObject({ code: 'CONTAINER_NOT_FOUND' })
  })

  it.each([[{ tail: -1 }], [{ since: new Date(Number.NaN) }], [{ stdout: false, stderr: false }]])(
    'refuses %j',
    (options) => {
      expect(() => openLogs(engine, 'x', options)).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTION' }),
      )
    },
  )
})
