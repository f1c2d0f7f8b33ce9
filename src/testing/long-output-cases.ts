import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { defineCases } from './runner-case.js'

const blockBytes = 1024 * 1024
/** What may be in memory at a time beside what there was before, however long the output. */
const mostHeldBytes = 256 * 1024 * 1024

/** Prints so many blocks, each of which begins with its number. */
const script =
  'i=0; while [ $i -lt $1 ]; do printf "%07d\\n" $i; dd if=/dev/zero bs=1048568 count=1 2>/dev/null; i=$((i + 1)); done'

/** What the script prints, as a hash. */
function hashOf(blocks: number): string {
  const hash = createHash('sha256')
  const block = Buffer.alloc(blockBytes)
  for (let index = 0; index < blocks; index++) {
    block.write(`${String(index).padStart(7, '0')}\n`)
    hash.update(block)
  }
  return hash.digest('hex')
}

/** More output than anybody keeps. */
export const longOutputCases = defineCases([
  {
    name: 'a gigabyte of output keeps its hash, and is never held in memory',
    async run(runner, { longestOutputBytes }) {
      const blocks = longestOutputBytes / blockBytes
      const command = runner.spawn(['sh', '-c', script, 'sh', String(blocks)])
      const hash = createHash('sha256')
      const before = process.memoryUsage().arrayBuffers
      let [size, looked, held] = [0, 0, 0]
      for await (const chunk of command.stdout) {
        hash.update(chunk as Buffer)
        size += (chunk as Buffer).length
        if (size - looked < blockBytes) continue
        looked = size
        held = Math.max(held, process.memoryUsage().arrayBuffers - before)
      }
      assert.equal(size, longestOutputBytes)
      assert.equal(hash.digest('hex'), hashOf(blocks))
      assert(held < mostHeldBytes, `${held} bytes were held at once`)
      assert.equal((await command.exit).succeeded, true)
    },
  },
])
