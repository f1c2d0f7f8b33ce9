import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { CommandFailedError } from '../../src/command/command-failed-error.js'
import { signalNumbers, type SignalName } from '../../src/model/signal.js'
import type { CommandRunner } from '../../src/command/command-runner.js'
import { firstLine, forever, output, type RunnerCase, uniqueWord, withWord } from './case.js'

const harmless = new Set([
  'SIGCHLD',
  'SIGCONT',
  'SIGURG',
  'SIGWINCH',
  'SIGSTOP',
  'SIGTSTP',
  'SIGTTIN',
  'SIGTTOU',
])

async function atOnce<T, R>(items: readonly T[], width: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (let at = 0; at < items.length; at += width) {
    results.push(...(await Promise.all(items.slice(at, at + width).map(work))))
  }
  return results
}

/** A tree that a plain kill does not get: TERM ignored, sessions of their own, double forks, a stopped process. */
function hostileTree(word: string): string[] {
  const loop = 'while :; do sleep 1; done'
  return [
    'sh',
    '-c',
    `trap '' TERM HUP INT
    for i in 1 2 3; do setsid sh -c "trap '' TERM; ${loop}" ${word} & done
    for i in 1 2 3; do (setsid sh -c "trap '' TERM; (env -i sh -c '${loop}' ${word} &) ; ${loop}" ${word} &) ; done
    sh -c 'kill -STOP $$' ${word} &
    sleep 0.3; echo ready; ${loop}`,
    word,
  ]
}

/** Exits, kills, timeouts, aborts, what is left behind. */
export const endCases: RunnerCase[] = [
  {
    name: 'every exit code is what it was',
    async run(runner) {
      const codes = Array.from({ length: 256 }, (_, code) => code)
      const exits = await atOnce(codes, 32, (code) => runner.run(['sh', '-c', `exit ${code}`]))
      assert.deepEqual(
        exits.map(({ exit }) => [exit.reason, exit.code, exit.signal]),
        codes.map((code) => ['exited', code, undefined]),
      )
      assert.equal(exits.filter(({ exit }) => exit.succeeded).length, 1)
    },
  },
  {
    name: 'every signal is what it was, and no code is made of it',
    async run(runner) {
      const names = (Object.keys(signalNumbers) as SignalName[]).filter((name) => !harmless.has(name))
      // Not to the shell itself: some ignore SIGQUIT.
      const exits = await atOnce(names, 16, async (name) => {
        const command = runner.spawn(['sh', '-c', 'ulimit -c 0; echo $$; exec sleep 60'])
        const pid = await firstLine(command)
        // Until the shell has become sleep.
        const script = `until grep -q ^sleep /proc/${pid}/cmdline; do :; done; kill -${signalNumbers[name]} ${pid}`
        await output(runner.run(['sh', '-c', script]))
        return { exit: await command.exit }
      })
      assert.deepEqual(
        exits.map(({ exit }) => [exit.reason, exit.signal, exit.code]),
        names.map((name) => ['signaled', name, undefined]),
      )
    },
  },
  {
    name: 'exit 137 and SIGKILL are told apart',
    async run(runner) {
      const { exit: code } = await runner.run(['sh', '-c', 'exit 137'])
      const { exit: signal } = await runner.run(['sh', '-c', 'kill -9 $$'])
      assert.deepEqual([code.reason, code.code, code.signal], ['exited', 137, undefined])
      assert.deepEqual([signal.reason, signal.code, signal.signal], ['signaled', undefined, 'SIGKILL'])
    },
  },
  {
    name: 'an exit carries times, CPU and memory',
    needs: ['supervised'],
    async run(runner) {
      const before = Date.now()
      const { exit } = await runner.run(['sh', '-c', 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done'])
      assert(exit.startedAt && exit.finishedAt && exit.startedAt <= exit.finishedAt)
      assert(Math.abs(exit.startedAt.getTime() - before) < 60_000)
      assert((exit.cpuTimeMs?.user ?? 0) + (exit.cpuTimeMs?.system ?? 0) > 1)
      assert((exit.peakMemoryBytes ?? 0) > 100_000)
      assert.equal(exit.evidence, 'wait4')
      assert.deepEqual(JSON.parse(JSON.stringify(exit.descendants)), {
        killed: 0,
        survivors: [],
        verified: true,
      })
    },
  },
  {
    name: 'check rejects with the whole result',
    async run(runner) {
      const failed = runner.run(['sh', '-c', 'echo out; echo err >&2; exit 2'], { check: true })
      await assert.rejects(failed, (error) => {
        assert(error instanceof CommandFailedError)
        assert.deepEqual(
          [error.code, error.result.exit.code, error.result.stdout, error.result.stderr],
          ['COMMAND_FAILED', 2, 'out\n', 'err\n'],
        )
        return true
      })
    },
  },
  {
    name: 'a hostile tree is killed, provably',
    needs: ['verifiedKill'],
    async run(runner) {
      const word = uniqueWord()
      const command = runner.spawn(hostileTree(word))
      await firstLine(command)
      assert((await withWord(runner, word)).length >= 8)
      const report = await command.kill({ graceMs: 100 })
      assert.deepEqual({ ...report, killed: 0 }, { killed: 0, survivors: [], verified: true })
      assert.deepEqual(await withWord(runner, word), [])
      const exit = await command.exit
      assert.deepEqual([exit.reason, exit.signal], ['killed', 'SIGKILL'])
    },
  },
  {
    name: 'kill lets a command end by itself within the grace',
    async run(runner) {
      const command = runner.spawn([
        'sh',
        '-c',
        'trap "echo bye; exit 9" TERM; echo ready; while :; do sleep 0.05; done',
      ])
      const lines = command.lines()[Symbol.asyncIterator]()
      await lines.next()
      await command.kill()
      const exit = await command.exit
      assert.deepEqual([exit.reason, exit.code], ['killed', 9])
      assert.equal((await lines.next()).value, 'bye')
    },
  },
  {
    name: 'kill sends the signal asked for',
    async run(runner) {
      const command = runner.spawn([
        'sh',
        '-c',
        'trap "exit 11" INT; echo ready; while :; do sleep 0.05; done',
      ])
      await firstLine(command)
      await command.kill({ signal: 'SIGINT', graceMs: 5000 })
      assert.equal((await command.exit).code, 11)
    },
  },
  {
    name: 'kill twice, and after the end, does no harm',
    async run(runner) {
      const command = runner.spawn(forever(uniqueWord()))
      await firstLine(command)
      await Promise.all([command.kill(), command.kill({ graceMs: 0 })])
      const exit = await command.exit
      assert.equal(exit.reason, 'killed')
      await command.kill()
      await command.close()
      assert.equal((await command.exit).reason, 'killed')
    },
  },
  {
    name: 'kill from 0 to 20 ms after spawn leaves nothing',
    needs: ['verifiedKill'],
    async run(runner) {
      const word = uniqueWord()
      const exits = await atOnce(
        Array.from({ length: 40 }, (_, index) => index / 2),
        8,
        async (afterMs) => {
          const command = runner.spawn(forever(word, 'sh -c "while :; do sleep 1; done" $0 &'))
          await delay(afterMs)
          const report = await command.kill({ graceMs: 20 })
          assert.equal(report.verified, true)
          return command.exit
        },
      )
      assert.deepEqual([...new Set(exits.map(({ reason }) => reason))], ['killed'])
      assert.deepEqual(await withWord(runner, word), [])
    },
  },
  {
    name: 'a command that ended by itself was not killed',
    async run(runner) {
      const command = runner.spawn(['true'])
      await command.exit
      await command.kill()
      assert.equal((await command.exit).reason, 'exited')
    },
  },
  {
    name: 'what a command leaves behind goes too',
    needs: ['verifiedKill'],
    async run(runner) {
      const word = uniqueWord()
      const script = `setsid sh -c 'while :; do sleep 1; done' ${word} & (sh -c 'while :; do sleep 1; done' ${word} &) ; sleep 0.2; echo left`
      const { exit, stdout } = await runner.run(['sh', '-c', script])
      assert.equal(stdout, 'left\n')
      assert.equal(exit.reason, 'exited')
      assert((exit.descendants?.killed ?? 0) >= 2)
      assert.equal(exit.descendants?.verified, true)
      assert.deepEqual(await withWord(runner, word), [])
    },
  },
  {
    name: 'descendants are kept when asked, and do not hold up the exit',
    needs: ['supervised'],
    async run(runner) {
      const word = uniqueWord()
      const script = `setsid sh -c 'sleep 1; sleep 1; sleep 1; sleep 1; sleep 1' ${word} & echo left`
      const began = performance.now()
      const { exit, stdout } = await runner.run(['sh', '-c', script], { descendants: 'keep' })
      assert(performance.now() - began < 3000)
      assert.deepEqual([exit.code, stdout], [0, 'left\n'])
      const kept = await withWord(runner, word)
      assert.equal(kept.length, 1)
      await output(runner.run(['sh', '-c', `kill -9 ${kept[0]!.replaceAll(/\D/g, '')}`]))
    },
  },
  {
    name: 'a timeout keeps what was printed',
    async run(runner) {
      const word = uniqueWord()
      const { exit, stdout } = await runner.run(forever(word, 'echo partial;'), {
        timeoutMs: 1000,
        graceMs: 100,
      })
      assert.equal(exit.reason, 'timeout')
      assert.equal(exit.code, undefined)
      assert.equal(stdout, 'partial\nready\n')
      assert.deepEqual(await withWord(runner, word), [])
    },
  },
  {
    name: 'a timeout can be extended',
    async run(runner) {
      const command = runner.spawn(['sh', '-c', 'sleep 1.5; echo made it'], { timeoutMs: 1000 })
      command.extendTimeout(10_000)
      await command.started
      assert.equal(await command.text(), 'made it\n')
      assert.equal((await command.exit).reason, 'exited')
    },
  },
  {
    name: 'a timeout ends a command whose reader has stopped',
    needs: ['supervised'],
    async run(runner) {
      const command = runner.spawn(['sh', '-c', 'while :; do head -c 1000000 /dev/zero; done'], {
        timeoutMs: 1000,
        graceMs: 0,
      })
      await command.stdout[Symbol.asyncIterator]().next()
      assert.equal((await command.exit).reason, 'timeout')
    },
  },
  {
    name: 'aborted before the spawn, nothing runs',
    async run(runner) {
      const command = runner.spawn(['sh', '-c', 'echo ran'], { signal: AbortSignal.abort(new Error('no')) })
      const exit = await command.exit
      assert.equal(exit.reason, 'aborted')
      assert.equal(await command.text(), '')
    },
  },
  {
    name: 'aborted from 0 to 10 ms after the spawn, nothing is left',
    async run(runner) {
      const word = uniqueWord()
      await atOnce(
        Array.from({ length: 20 }, (_, index) => index / 2),
        10,
        async (afterMs) => {
          const controller = new AbortController()
          const command = runner.spawn(forever(word), { signal: controller.signal, graceMs: 50 })
          await delay(afterMs)
          controller.abort()
          assert.equal((await command.exit).reason, 'aborted')
        },
      )
      assert.deepEqual(await withWord(runner, word), [])
    },
  },
  {
    name: 'aborted after the end, nothing changes',
    async run(runner) {
      const controller = new AbortController()
      const { exit } = await runner.run(['true'], { signal: controller.signal })
      controller.abort()
      assert.equal(exit.reason, 'exited')
    },
  },
  {
    name: 'fifty commands at once are fifty commands',
    async run(runner) {
      const numbers = Array.from({ length: 50 }, (_, index) => index)
      const texts = await Promise.all(
        numbers.map((number) =>
          output(runner.run(['sh', '-c', `cat; echo ${number}`], { stdin: `in ${number} ` })),
        ),
      )
      assert.deepEqual(
        texts,
        numbers.map((number) => `in ${number} ${number}\n`),
      )
    },
  },
  {
    name: 'closing a command kills it',
    async run(runner) {
      const word = uniqueWord()
      {
        await using command = runner.spawn(forever(word), { graceMs: 100 })
        await firstLine(command)
      }
      assert.deepEqual(await withWord(runner, word), [])
    },
  },
]

/** Whether a runner can do what a case needs. */
export function canRun({ capabilities }: CommandRunner, { needs = [] }: RunnerCase): boolean {
  return needs.every((need) => capabilities[need] !== false)
}
