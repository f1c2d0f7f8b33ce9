import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { Readable, type Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { firstLine, output } from './case-tools.js'
import { defineCases } from './runner-case.js'

const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex')

/** The code of the error that a write gets. */
async function refusal(stdin: Writable): Promise<string | undefined> {
  const error = await new Promise<Error | null | undefined>((resolve) => stdin.write('more', resolve))
  return (error as NodeJS.ErrnoException | null | undefined)?.code
}

/** What a command reads. */
export const stdinCases = defineCases([
  {
    name: 'without stdin a reader gets its end at once',
    run: async (runner) => assert.equal(await output(runner.run(['cat'])), ''),
  },
  {
    name: 'text, bytes and { text } go in whole',
    async run(runner) {
      const bytes = randomBytes(200_000)
      const hash = ['sh', '-c', 'sha256sum | cut -c1-64']
      assert.equal(await output(runner.run(hash, { stdin: bytes })), `${sha256(bytes)}\n`)
      assert.equal(await output(runner.run(['cat'], { stdin: 'grüße' })), 'grüße')
      assert.equal(await output(runner.run(['cat'], { stdin: { text: 'pipe' } })), 'pipe')
      assert.equal(await output(runner.run(['cat'], { stdin: '' })), '')
    },
  },
  {
    name: '100 MB of a stream arrive with their hash',
    async run(runner) {
      const block = randomBytes(1024 * 1024)
      const hash = createHash('sha256')
      const source = Readable.from(
        (function* () {
          for (let index = 0; index < 100; index++) {
            hash.update(block)
            yield block
          }
        })(),
      )
      const text = await output(runner.run(['sh', '-c', 'sha256sum | cut -c1-64'], { stdin: source }))
      assert.equal(text, `${hash.digest('hex')}\n`)
    },
  },
  {
    name: 'a writer may use its buffer again as soon as it is told that it was written',
    async run(runner) {
      const command = runner.spawn(['sh', '-c', 'read -r go; sleep 0.1; sha256sum | cut -c1-64'], {
        stdin: 'pipe',
      })
      command.stdin.write('go\n')
      const block = Buffer.alloc(100_000)
      const hash = createHash('sha256')
      for (let index = 0; index < 20; index++) {
        hash.update(block.fill(index))
        await new Promise((resolve) => command.stdin.write(block, resolve))
      }
      block.fill(255)
      command.stdin.end()
      assert.equal(await command.text(), `${hash.digest('hex')}\n`)
    },
  },
  {
    name: 'stdin stays open until it is ended',
    async run(runner) {
      const command = runner.spawn(['sh', '-c', 'while read -r line; do echo "got $line"; done; echo end'], {
        stdin: 'pipe',
      })
      const lines = command.lines()[Symbol.asyncIterator]()
      for (const word of ['one', 'two']) {
        command.stdin.write(`${word}\n`)
        assert.equal((await lines.next()).value, `got ${word}`)
      }
      command.stdin.end()
      assert.equal((await lines.next()).value, 'end')
      assert.equal((await command.exit).succeeded, true)
    },
  },
  {
    name: 'what is written to stdin after its end is refused, and the command has the rest',
    async run(runner) {
      const command = runner.spawn(['cat'], { stdin: 'pipe' })
      command.stdin.end('all')
      assert.equal(await refusal(command.stdin), 'ERR_STREAM_WRITE_AFTER_END')
      assert.equal(await command.text(), 'all')
      assert.equal((await command.exit).succeeded, true)
      const fixed = runner.spawn(['cat'], { stdin: 'all' })
      assert.equal(await refusal(fixed.stdin), 'ERR_STREAM_WRITE_AFTER_END')
      assert.equal(await fixed.text(), 'all')
      const over = runner.spawn(['true'], { stdin: 'pipe' })
      await over.exit
      assert.match((await refusal(over.stdin)) ?? '', /EPIPE|ERR_STREAM_DESTROYED/)
    },
  },
  {
    name: 'a command that closes its stdin early breaks nothing',
    async run(runner) {
      const command = runner.spawn(['sh', '-c', 'exec 0<&-; echo closed; sleep 0.2; exit 4'], {
        stdin: 'pipe',
      })
      assert.equal(await firstLine(command), 'closed')
      for (let index = 0; index < 40; index++) command.stdin.write(Buffer.alloc(64 * 1024))
      await assert.rejects(finished(command.stdin))
      assert.equal((await command.exit).code, 4)
    },
  },
  {
    name: 'a command that never reads its stdin can still end',
    async run(runner) {
      const result = await runner.run(['sh', '-c', 'exit 5'], { stdin: Buffer.alloc(3 * 1024 * 1024) })
      assert.equal(result.exit.code, 5)
    },
  },
  {
    name: 'a source of stdin that breaks is not taken for its end',
    async run(runner) {
      const source = Readable.from(
        (async function* () {
          yield Buffer.from('half a ')
          throw new Error('the disk is gone')
        })(),
      )
      const command = runner.spawn(['sh', '-c', 'cat >/dev/null; echo whole'], { stdin: source })
      assert.equal((await command.exit).reason, 'killed')
      assert.equal(await command.text(), '')
    },
  },
])
