import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import type { SpawnOptions } from '../command/command-options.js'
import type { CommandRunner } from '../command/command-runner.js'
import { isContainersError } from '../errors/containers-error.js'
import type { ErrorCode } from '../errors/error-code.js'
import { firstLine, forever, output, uniqueWord, withWord } from './case-tools.js'
import { defineCases, type CaseBody } from './runner-case.js'

const fails = (promise: Promise<unknown>, code: ErrorCode) =>
  assert.rejects(promise, (error) => isContainersError(error, code) || assert.fail(String(error)))

const counting = (lines: number) => `i=0; while [ $i -lt ${lines} ]; do echo "line $i"; i=$((i+1)); done`
const counted = (lines: number) => Array.from({ length: lines }, (_, index) => `line ${index}\n`).join('')

/** Detaches a script that begins when nobody reads it any more. */
async function leave(runner: CommandRunner, script: string, options: SpawnOptions & { id: string }) {
  const go = `/tmp/${options.id}`
  const whole = `until [ -e ${go} ]; do sleep 0.05; done; rm ${go}; ${script}`
  await runner.spawn(['sh', '-c', whole], { detached: true, ...options }).close()
  await output(runner.run(['touch', go]))
}

async function entry(runner: CommandRunner, id: string) {
  return (await runner.list()).find((one) => one.id === id)
}

async function exited(runner: CommandRunner, id: string): Promise<void> {
  while ((await entry(runner, id))?.state !== 'exited') await delay(10)
}

const cases: CaseBody[] = [
  {
    name: 'a detached command goes on when its handle is closed, and its exit and output wait for whoever comes',
    async run(runner) {
      const id = uniqueWord()
      const command = runner.spawn(['sh', '-c', 'echo one; sleep 0.3; echo two; echo three >&2; exit 7'], {
        detached: true,
        id,
      })
      assert.equal(command.id, id)
      assert.equal(await firstLine(command), 'one')
      await command.close()
      assert.equal((await command.exit).reason, 'unknown')
      const attached = await runner.attach(id)
      assert.equal(await attached.text(), 'one\ntwo\n')
      assert.equal(await attached.text('stderr'), 'three\n')
      assert.deepEqual([attached.id, attached.argv], [id, ['sh']])
      assert.equal((await attached.exit).code, 7)
      const late = await runner.attach(id, { fromStdoutByte: 4, fromStderrByte: 6 })
      assert.equal(await late.text(), 'two\n')
      assert.equal(await late.text('stderr'), '')
      assert.deepEqual((await late.exit).code, 7)
      await runner.forget(id)
      await fails(runner.attach(id), 'COMMAND_NOT_FOUND')
      await fails(runner.forget(id), 'COMMAND_NOT_FOUND')
    },
  },
  {
    name: 'an id is in use until it is forgotten',
    async run(runner) {
      const id = uniqueWord()
      const first = runner.spawn(forever(id), { detached: true, id })
      await firstLine(first)
      await fails(runner.spawn(['true'], { id }).started, 'COMMAND_ID_TAKEN')
      await fails(runner.spawn(['true'], { id, detached: true }).started, 'COMMAND_ID_TAKEN')
      await fails(runner.forget(id), 'COMMAND_RUNNING')
      await first.kill()
      await fails(runner.spawn(['true'], { id }).started, 'COMMAND_ID_TAKEN')
      await runner.forget(id)
      assert.equal(await output(runner.run(['echo', 'free'], { id })), 'free\n')
      assert.equal(await output(runner.run(['echo', 'free'], { id })), 'free\n')
    },
  },
  {
    name: 'an attached handle kills the whole tree and extends its time',
    async run(runner) {
      const id = uniqueWord()
      const script = `setsid sh -c 'trap "" TERM; while :; do sleep 1; done' ${id} &`
      const timeoutMs = 3000
      await firstLine(runner.spawn(forever(id, script), { detached: true, id, timeoutMs }))
      const attached = await runner.attach(id)
      attached.extendTimeout(60_000)
      await delay(timeoutMs + 300)
      assert.equal((await entry(runner, id))?.state, 'running')
      const report = await attached.kill({ graceMs: 50 })
      assert.deepEqual([report.verified, report.survivors], [true, []])
      assert.equal((await attached.exit).reason, 'killed')
      assert.deepEqual(await withWord(runner, id), [])
      await runner.forget(id)
    },
  },
  {
    name: 'several read one command, each at its own pace and from its own place',
    async run(runner) {
      const id = uniqueWord()
      const lines = 200_000
      const text = counted(lines)
      const first = runner.spawn(['sh', '-c', counting(lines)], { detached: true, id })
      await firstLine(first)
      const stalled = await runner.attach(id)
      stalled.stdout.once('readable', () => {})
      const places = [0, 1, 100_000].map(async (from) => {
        const { stdout, exit } = await runner.attach(id, { fromStdoutByte: Math.min(from, 5) })
        const pieces: Buffer[] = []
        for await (const bytes of stdout) pieces.push(bytes as Buffer)
        assert.equal((await exit).code, 0)
        assert(Buffer.concat(pieces).equals(Buffer.from(text.slice(Math.min(from, 5)))))
      })
      await Promise.all(places)
      const end = await runner.attach(id, { fromStdoutByte: text.length })
      assert.equal(await end.text(), '')
      await fails(runner.attach(id, { fromStdoutByte: text.length + 1 }), 'INVALID_OPTION')
      await stalled.close()
      await first.close()
      await runner.forget(id)
    },
  },
  {
    name: 'what a spool could not keep is told as a gap, to readers and in the list and the exit',
    async run(runner) {
      const id = uniqueWord()
      const whole = counted(40_000)
      const spool = { maxBytes: 100_000 }
      await leave(runner, counting(40_000), { id, spool })
      await exited(runner, id)
      const first = whole.length - 100_000
      const { stdout, exit } = await entry(runner, id).then((one) => one ?? assert.fail())
      assert.deepEqual([stdout, exit?.lostOutputBytes], [{ first, end: whole.length }, first])
      const attached = await runner.attach(id, { fromStdoutByte: 10 })
      const gaps: unknown[] = []
      attached.stdout.on('gap', (gap) => gaps.push(gap))
      assert.equal(await attached.text(), whole.slice(first))
      assert.deepEqual(gaps, [{ offset: 10, bytes: first - 10 }])
      await runner.forget(id)
    },
  },
  {
    name: 'a spool that blocks makes the command wait and loses nothing',
    async run(runner) {
      const id = uniqueWord()
      const whole = counted(60_000)
      const spool = { maxBytes: 65_536, whenFull: 'block' as const }
      await leave(runner, counting(60_000), { id, spool })
      while ((await entry(runner, id))?.stdout?.end !== 65_536) await delay(10)
      const attached = await runner.attach(id)
      assert.equal(await attached.text(), whole)
      assert.equal((await attached.exit).lostOutputBytes, undefined)
      await runner.forget(id)
    },
  },
  {
    name: 'a detached command reads what it was given, however much that is',
    async run(runner) {
      const id = uniqueWord()
      const stdin = Buffer.alloc(3_000_000, 'x')
      await runner.spawn(['sh', '-c', 'sleep 0.2; wc -c'], { detached: true, id, stdin }).close()
      const attached = await runner.attach(id)
      assert.equal((await attached.text()).trim(), '3000000')
      await attached.exit
      await runner.forget(id)
      for (const stdin of ['pipe' as const]) {
        assert.throws(() => runner.spawn(['cat'], { detached: true, id, stdin }), /stdin/)
      }
    },
  },
  {
    name: 'a list has running commands as well, without their arguments; only detached ones are attached to',
    async run(runner) {
      const id = uniqueWord()
      const command = runner.spawn(['sleep', '600.125'], { id })
      await command.started
      const listed = await entry(runner, id)
      assert.deepEqual(
        [listed?.program, listed?.detached, listed?.state, typeof listed?.pid],
        ['sleep', false, 'running', 'number'],
      )
      assert(!JSON.stringify(listed).includes('600.125'))
      await fails(runner.attach(id), 'NOT_SUPPORTED')
      await command.kill({ graceMs: 0 })
      assert.equal(await entry(runner, id), undefined)
    },
  },
  {
    name: 'an attach call is given up by its signal, and the command knows nothing of it',
    async run(runner) {
      const id = uniqueWord()
      const command = runner.spawn(forever(id), { detached: true, id })
      await firstLine(command)
      await fails(runner.attach(id, { signal: AbortSignal.abort() }), 'ABORTED')
      assert.equal((await entry(runner, id))?.state, 'running')
      await command.kill({ graceMs: 0 })
      await runner.forget(id)
    },
  },
  {
    name: 'a detached command that could not be run is not kept',
    async run(runner) {
      const id = uniqueWord()
      await fails(runner.spawn(['anyon-no-such-binary'], { detached: true, id }).started, 'SPAWN_FAILED')
      assert.equal(await entry(runner, id), undefined)
    },
  },
]

/** Detached commands: spools, readers, lists, ids. */
export const detachedCases = defineCases(cases.map((one) => ({ ...one, needs: ['detached'] as const })))
