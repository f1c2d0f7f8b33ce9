import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { output } from './case-tools.js'
import { defineCases } from './runner-case.js'

/** Bytes, lines, text; readers that are slow, leave or never come. */
export const outputCases = defineCases([
  {
    name: 'all byte values come through',
    async run(runner) {
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, value) => value))
      const { stdoutBytes } = await runner.run(['cat'], { stdin: Buffer.concat([bytes, bytes]) })
      assert.deepEqual(Buffer.from(stdoutBytes), Buffer.concat([bytes, bytes]))
    },
  },
  {
    name: 'a megabyte on each stream, apart',
    async run(runner) {
      const script = 'head -c 1000000 /dev/zero | tr "\\0" o; head -c 1000000 /dev/zero | tr "\\0" e >&2'
      const { stdout, stderr, truncated } = await runner.run(['sh', '-c', script])
      assert.equal(stdout, 'o'.repeat(1_000_000))
      assert.equal(stderr, 'e'.repeat(1_000_000))
      assert.equal(truncated, false)
    },
  },
  {
    name: '64 MB of a stream keep their hash',
    async run(runner) {
      const command = runner.spawn(['sh', '-c', 'head -c 67108864 /dev/zero'])
      const hash = createHash('sha256')
      for await (const chunk of command.stdout) hash.update(chunk as Buffer)
      assert.equal(hash.digest('hex'), createHash('sha256').update(Buffer.alloc(67108864)).digest('hex'))
      assert.equal((await command.exit).succeeded, true)
    },
  },
  {
    name: 'a last line needs no newline',
    async run(runner) {
      const lines: string[] = []
      for await (const line of runner.spawn(['printf', 'a\\r\\nb\\n\\nc']).lines()) lines.push(line)
      assert.deepEqual(lines, ['a', 'b', '', 'c'])
    },
  },
  {
    name: 'characters that come in pieces are whole',
    async run(runner) {
      const script = 'printf "\\303"; sleep 0.1; printf "\\251 \\360\\237"; sleep 0.1; printf "\\220\\263\\n"'
      assert.equal(await output(runner.run(['sh', '-c', script])), 'é 🐳\n')
      const lines: string[] = []
      for await (const line of runner.spawn(['sh', '-c', script]).lines()) lines.push(line)
      assert.deepEqual(lines, ['é 🐳'])
    },
  },
  {
    name: 'output arrives while the command runs',
    async run(runner) {
      const command = runner.spawn(['sh', '-c', 'echo first; read -r _; echo second'], { stdin: 'pipe' })
      const lines = command.lines()[Symbol.asyncIterator]()
      assert.equal((await lines.next()).value, 'first')
      command.stdin.end('\n')
      assert.equal((await lines.next()).value, 'second')
      await command.exit
    },
  },
  {
    name: 'streams that nobody reads hang nothing, and can be read afterwards',
    async run(runner) {
      const command = runner.spawn([
        'sh',
        '-c',
        'head -c 20000000 /dev/zero; head -c 20000000 /dev/zero >&2; echo end',
      ])
      assert.equal((await command.exit).code, 0)
      assert((await command.text()).endsWith('\0end\n'))
    },
  },
  {
    name: 'run keeps the head and the tail, and says so',
    async run(runner) {
      const script = 'echo begin; head -c 100000 /dev/zero; echo end'
      const { stdoutBytes, truncated } = await runner.run(['sh', '-c', script], { maxOutputBytes: 1000 })
      assert.equal(stdoutBytes.length, 1000)
      assert.equal(truncated, true)
      const text = Buffer.from(stdoutBytes).toString()
      assert(text.startsWith('begin\n') && text.endsWith('end\n'))
    },
  },
  {
    name: 'a slow reader makes the process wait, and loses nothing',
    needs: ['supervised'],
    async run(runner) {
      const command = runner.spawn(['sh', '-c', 'head -c 30000000 /dev/zero; echo done >&2'])
      const chunks = command.stdout[Symbol.asyncIterator]()
      let size = ((await chunks.next()).value as Buffer).length
      const first = await Promise.race([command.text('stderr').then(() => 'ended'), delay(300, 'waits')])
      assert.equal(first, 'waits')
      for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
        size += (next.value as Buffer).length
      }
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
    name: 'leaving the loop early only stops listening',
    async run(runner) {
      const command = runner.spawn(['sh', '-c', 'echo one; echo two; head -c 10000000 /dev/zero; exit 3'])
      for await (const line of command.lines()) {
        assert.equal(line, 'one')
        break
      }
      assert.equal((await command.exit).code, 3)
    },
  },
  {
    name: 'a listener that throws harms only itself',
    needs: ['supervised'],
    async run(runner) {
      const caught = new Promise<unknown>((resolve) => process.once('uncaughtException', resolve))
      const others = process.listeners('uncaughtException').slice(0, -1)
      for (const other of others) process.off('uncaughtException', other)
      try {
        const command = runner.spawn(['sh', '-c', 'echo x; exit 6'])
        command.stdout.once('data', () => {
          throw new Error('a bug of the listener')
        })
        assert.equal((await command.exit).code, 6)
        assert.match(String(await caught), /a bug of the listener/)
      } finally {
        for (const other of others) process.on('uncaughtException', other)
      }
    },
  },
])
