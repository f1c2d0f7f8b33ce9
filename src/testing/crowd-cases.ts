import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { output, restOf } from './case-tools.js'
import { defineCases } from './runner-case.js'

/** Many commands at once. */
export const crowdCases = defineCases([
  {
    name: 'twenty commands at once are twenty commands',
    async run(runner) {
      const numbers = Array.from({ length: 20 }, (_, index) => index)
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
    name: 'two hundred commands at once, one of which has a slow reader',
    needs: ['backpressure'],
    async run(runner) {
      const slow = runner.spawn(['sh', '-c', 'head -c 9000000 /dev/zero; exit 3'])
      const chunks = slow.stdout[Symbol.asyncIterator]()
      let size = ((await chunks.next()).value as Buffer).length
      const numbers = Array.from({ length: 199 }, (_, index) => index)
      const script = 'read -r line; echo "$line $0"; exit $(($0 % 100))'
      const results = await Promise.all(
        numbers.map((number) => runner.run(['sh', '-c', script, `${number}`], { stdin: `in ${number}\n` })),
      )
      assert.deepEqual(
        results.map(({ stdout, exit }) => [stdout, exit.code]),
        numbers.map((number) => [`in ${number} ${number}\n`, number % 100]),
      )
      assert.equal(await Promise.race([slow.exit.then(() => 'ended'), delay(100, 'waits')]), 'waits')
      size += await restOf(chunks)
      assert.deepEqual([size, (await slow.exit).code], [9_000_000, 3])
    },
  },
])
