import assert from 'node:assert/strict'
import { isContainersError } from '../errors/containers-error.js'
import { defineCases } from './runner-case.js'

/** Readers that are too slow, and lines that are too long. */
export const readerCases = defineCases([
  {
    name: 'a process that does not wait for its reader ends before it, and the reader gets the newest',
    async run(runner) {
      const script = 'head -c 30000000 /dev/zero; echo newest'
      const command = runner.spawn(['sh', '-c', script], { output: { whenSlow: 'drop-oldest' } })
      let missing = 0
      command.stdout.on('gap', (gap: { readonly bytes: number }) => (missing += gap.bytes))
      const chunks = command.stdout[Symbol.asyncIterator]()
      let size = ((await chunks.next()).value as Buffer).length
      assert.equal((await command.exit).succeeded, true)
      let last = ''
      for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
        size += (next.value as Buffer).length
        last = (last + (next.value as Buffer).toString()).slice(-8)
      }
      assert.equal(last, '\0newest\n')
      assert(missing > 20_000_000, `${missing} bytes missing`)
      assert.equal(size + missing, 30_000_007)
    },
  },
  {
    name: 'a line that is too long comes in pieces',
    async run(runner) {
      const command = runner.spawn(['printf', 'abcdefghij\\nxyz\\n'], { output: { maxLineBytes: 4 } })
      const lines = []
      for await (const line of command.outputLines())
        lines.push([line.text, line.partial, line.droppedBefore])
      assert.deepEqual(lines, [
        ['abcd', true, 0],
        ['efgh', true, 0],
        ['ij', false, 0],
        ['xyz', false, 0],
      ])
    },
  },
  {
    name: 'so does one of megabytes, where nothing else is said',
    async run(runner) {
      const script = 'head -c 3000000 /dev/zero | tr "\\0" x >&2; echo >&2; echo next >&2'
      const sizes = []
      for await (const line of runner.spawn(['sh', '-c', script]).lines('stderr')) sizes.push(line.length)
      assert.deepEqual(sizes, [1_048_576, 1_048_576, 3_000_000 - 2 * 1_048_576, 4])
    },
  },
  {
    name: 'output options that cannot be are refused',
    async run(runner) {
      const bad = [
        { whenSlow: 'wait' as 'block' },
        { maxLineBytes: 0 },
        { maxLineBytes: 1.5 },
        { maxLineBytes: -4 },
      ]
      for (const output of bad) {
        assert.throws(
          () => runner.spawn(['true'], { output }),
          (error) => isContainersError(error, 'INVALID_OPTION'),
          JSON.stringify(output),
        )
      }
      await Promise.resolve()
    },
  },
])
