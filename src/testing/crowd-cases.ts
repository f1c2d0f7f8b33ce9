import assert from 'node:assert/strict'
import { output } from './case-tools.js'
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
])
