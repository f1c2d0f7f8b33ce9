import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { isContainersError } from '../errors/containers-error.js'
import { forever, restOf, uniqueWord, withWord } from './case-tools.js'
import { defineCases } from './runner-case.js'

/** Limits on silence, limits that cannot be, and whose kill it was. */
export const limitCases = defineCases([
  {
    name: 'silence for too long ends a command, and what it printed stays',
    async run(runner) {
      const word = uniqueWord()
      const options = { idleTimeoutMs: 1000, graceMs: 100 }
      const { exit, stdout, durationMs } = await runner.run(forever(word, 'echo partial;'), options)
      assert.deepEqual([exit.reason, exit.succeeded], ['idleTimeout', false])
      if (runner.capabilities.exactExit) assert.equal(exit.code, undefined)
      assert.equal(stdout, 'partial\nready\n')
      assert(durationMs >= 999, `${durationMs}`)
      assert.deepEqual(await withWord(runner, word), [])
    },
  },
  {
    name: 'output on either stream breaks a silence',
    async run(runner) {
      const often = (print: string) => `for i in 1 2 3 4 5 6 7 8; do sleep 0.2; ${print}; done`
      const script = `${often('echo $i >&2')}; ${often('echo $i')}; exit 3`
      const { exit } = await runner.run(['sh', '-c', script], { idleTimeoutMs: 1500 })
      assert.deepEqual([exit.reason, exit.code], ['exited', 3])
    },
  },
  {
    name: 'a command that waits for its reader is not silent',
    needs: ['backpressure'],
    async run(runner) {
      const command = runner.spawn(['sh', '-c', 'head -c 8000000 /dev/zero; exit 3'], { idleTimeoutMs: 1000 })
      const chunks = command.stdout[Symbol.asyncIterator]()
      let size = ((await chunks.next()).value as Buffer).length
      await delay(1500)
      size += await restOf(chunks)
      const exit = await command.exit
      assert.deepEqual([exit.reason, exit.code, size], ['exited', 3, 8_000_000])
    },
  },
  {
    name: 'a limit that ends a command in time leaves the other unsaid',
    async run(runner) {
      // It prints nothing: both limits count from its beginning.
      const { exit } = await runner.run(['sleep', '600'], {
        idleTimeoutMs: 1000,
        timeoutMs: 1200,
        graceMs: 500,
      })
      assert.deepEqual([exit.reason, exit.requested], ['idleTimeout', undefined])
    },
  },
  {
    name: 'limits that cannot be are refused before anything runs',
    async run(runner) {
      const bad = [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '1000' as unknown as number]
      for (const option of ['timeoutMs', 'idleTimeoutMs', 'graceMs']) {
        for (const value of bad.filter((value) => option !== 'graceMs' || value !== 0)) {
          assert.throws(
            () => runner.spawn(['true'], { [option]: value }),
            (error) => isContainersError(error, 'INVALID_OPTION') && error.message.startsWith(option),
            `${option}: ${value}`,
          )
        }
      }
      await Promise.resolve()
    },
  },
  {
    name: 'a SIGKILL from elsewhere is a signal, and no lack of memory',
    needs: ['exactExit'],
    async run(runner) {
      const { exit } = await runner.run(['sh', '-c', 'kill -9 $$'])
      assert.deepEqual([exit.reason, exit.signal, exit.oomKills], ['signaled', 'SIGKILL', undefined])
    },
  },
])
