import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { atOnce, firstLine, forever, uniqueWord, withWord } from './case-tools.js'
import { defineCases } from './runner-case.js'

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

/** Each of its processes starts others without end, and begins anew where it cannot; shells differ in the limit's letter. */
const forkBomb = `ulimit -u 60 2>/dev/null || ulimit -p 60; sh -c "$1" "$0" "$1" & exec sleep 600`
const member = `trap 'exec sh -c "$1" "$0" "$1"' EXIT; while :; do sh -c "$1" "$0" "$1" & done`

/** The limit counts all processes of a user on the whole machine, so it is one that nobody else is. */
const bombUser = () => `${100_000 + Math.floor(Math.random() * 1_000_000)}:4242`

/** A kill gets everything, and what it says is so. */
export const killCases = defineCases([
  {
    name: 'a closed command is gone',
    async run(runner) {
      const word = uniqueWord()
      const command = runner.spawn(forever(word))
      await firstLine(command)
      assert((await withWord(runner, word)).length > 0)
      await command.close()
      assert.deepEqual(await withWord(runner, word), [])
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
    // Elsewhere nobody may know whether the signal met it.
    needs: ['verifiedKill'],
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
    name: 'two hundred kills from 0 to 50 ms after spawn leave nothing',
    needs: ['verifiedKill'],
    async run(runner) {
      const word = uniqueWord()
      const exits = await atOnce(
        Array.from({ length: 200 }, (_, index) => index / 4),
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
    name: 'a fork bomb at its limit of processes is killed, provably',
    needs: ['verifiedKill', 'users'],
    async run(runner) {
      const word = uniqueWord()
      const bomb = runner.spawn(['sh', '-c', forkBomb, word, member], { user: bombUser(), cwd: '/' })
      await bomb.waitForLog(/fork/i)
      const report = await bomb.kill({ graceMs: 20 })
      assert.deepEqual([report.survivors, report.verified], [[], true])
      assert.equal((await bomb.exit).reason, 'killed')
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
])
