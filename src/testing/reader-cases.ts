import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { isContainersError } from '../errors/containers-error.js'
import { output, restOf } from './case-tools.js'
import { defineCases } from './runner-case.js'

/** Reads so many bytes, or less where the stream ends before. */
async function read(stream: AsyncIterable<unknown>, bytes: number): Promise<number> {
  let size = 0
  for await (const chunk of stream) {
    size += (chunk as Buffer).length
    if (size >= bytes) break
  }
  return size
}

/** Readers that are too slow, and lines that are too long. */
export const readerCases = defineCases([
  {
    name: 'a slow reader makes the process wait, and loses nothing',
    needs: ['supervised'],
    async run(runner) {
      const command = runner.spawn(['sh', '-c', 'head -c 30000000 /dev/zero; echo done >&2'])
      const chunks = command.stdout[Symbol.asyncIterator]()
      let size = ((await chunks.next()).value as Buffer).length
      const first = await Promise.race([command.text('stderr').then(() => 'ended'), delay(300, 'waits')])
      assert.equal(first, 'waits')
      size += await restOf(chunks)
      assert.equal(size, 30_000_000)
      assert.equal((await command.exit).succeeded, true)
    },
  },
  {
    name: 'a reader who stops delays no other command',
    async run(runner) {
      const stalled = runner.spawn(['sh', '-c', 'while :; do head -c 1000000 /dev/zero; done'])
      const chunks = stalled.stdout[Symbol.asyncIterator]()
      await chunks.next()
      assert.equal(
        await output(runner.run(['sh', '-c', 'head -c 5000000 /dev/zero | wc -c | tr -d " "'])),
        '5000000\n',
      )
      const { stdoutBytes } = await runner.run(['sh', '-c', 'head -c 5000000 /dev/zero'])
      assert.equal(stdoutBytes.length, 5_000_000)
      await stalled.kill({ graceMs: 0 })
      assert.equal((await stalled.exit).reason, 'killed')
    },
  },
  {
    name: 'slow and fast readers at once: each has its own pace, and all of its bytes',
    needs: ['backpressure'],
    async run(runner) {
      const script = 'head -c 9000000 /dev/zero & head -c 9000000 /dev/zero >&2 & wait'
      const argv = ['sh', '-c', script]
      const [slow, fast] = [runner.spawn(argv), runner.spawn(argv)]
      // Another stream of the same command, and both of another one.
      const quick = [slow.stderr, fast.stdout, fast.stderr].map((stream) => read(stream, 9_000_000))
      const chunks = slow.stdout[Symbol.asyncIterator]()
      let size = ((await chunks.next()).value as Buffer).length
      assert.deepEqual(await Promise.all(quick), [9_000_000, 9_000_000, 9_000_000])
      assert.equal((await fast.exit).succeeded, true)
      assert.equal(await Promise.race([slow.exit.then(() => 'ended'), delay(100, 'waits')]), 'waits')
      size += await restOf(chunks)
      assert.deepEqual([size, (await slow.exit).succeeded], [9_000_000, true])
    },
  },
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
    name: 'a line of 64 MB is one line where that is asked for',
    async run(runner) {
      const script = 'head -c 64000000 /dev/zero | tr "\\0" x; echo; echo next'
      const command = runner.spawn(['sh', '-c', script], { output: { maxLineBytes: 64_000_000 } })
      const lines = []
      for await (const line of command.lines()) lines.push(line)
      assert.deepEqual([lines.length, lines[0]?.length, lines[1]], [2, 64_000_000, 'next'])
      assert(lines[0] === 'x'.repeat(64_000_000))
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
