import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { atOnce, forever, uniqueWord, withWord } from './case-tools.js'
import { defineCases } from './runner-case.js'

/** Time limits and aborts. */
export const timeCases = defineCases([
  {
    name: 'a timeout keeps what was printed',
    async run(runner) {
      const word = uniqueWord()
      const { exit, stdout } = await runner.run(forever(word, 'echo partial;'), {
        timeoutMs: 1000,
        graceMs: 100,
      })
      assert.equal(exit.reason, 'timeout')
      if (runner.capabilities.exactExit) assert.equal(exit.code, undefined)
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
    name: 'aborted while it runs, a command keeps what it printed and leaves nothing',
    async run(runner) {
      const word = uniqueWord()
      const controller = new AbortController()
      const command = runner.spawn(forever(word, 'trap "" TERM; echo partial;'), {
        signal: controller.signal,
        graceMs: 50,
      })
      assert.equal(await command.waitForLog(/ready/), 'ready')
      controller.abort()
      const exit = await command.exit
      assert.deepEqual([exit.reason, exit.succeeded], ['aborted', false])
      assert.equal(await command.text(), 'partial\nready\n')
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
])
