import assert from 'node:assert/strict'
import { output, uniqueWord, withWord } from './case-tools.js'
import { defineCases } from './runner-case.js'

/** What a command leaves behind. */
export const descendantCases = defineCases([
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
      const script = `setsid sh -c 'for i in $(seq 600); do sleep 1; done' ${word} & echo $!`
      const { exit, stdout } = await runner.run(['sh', '-c', script], { descendants: 'keep' })
      assert.equal(exit.code, 0)
      const pid = stdout.trim()
      assert((await withWord(runner, word)).includes(`/proc/${pid}/cmdline`))
      await output(runner.run(['sh', '-c', `kill -9 ${pid}`]))
    },
  },
])
