import assert from 'node:assert/strict'
import { output } from './case-tools.js'
import { defineCases } from './runner-case.js'

/** Bytes, lines, text; readers that leave or never come. */
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
