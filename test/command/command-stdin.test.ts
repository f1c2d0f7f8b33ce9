import { Readable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import { describe, expect, test, vi } from 'vitest'
import { BrokenPipe, fixedStdin, noStdin, pipedStdin } from '../../src/command/command-stdin.js'

/** A command that takes at most `room` bytes at a time. */
function port(room = Infinity) {
  const taken: Buffer[] = []
  return {
    room,
    ends: 0,
    get text() {
      return Buffer.concat(taken).toString()
    },
    send(bytes: Uint8Array) {
      const size = Math.min(this.room, bytes.length)
      taken.push(Buffer.from(bytes.subarray(0, size)))
      this.room -= size
      return size
    },
    end() {
      this.ends++
    },
  }
}

describe('a fixed stdin', () => {
  test('goes in as far as the window allows, and ends once', () => {
    const to = port(4)
    const stdin = fixedStdin(Buffer.from('abcdef'))
    stdin.pump(to)
    expect([to.text, to.ends]).toEqual(['abcd', 0])
    to.room = 10
    stdin.pump(to)
    stdin.pump(to)
    expect([to.text, to.ends]).toEqual(['abcdef', 1])
  })

  test('sends nothing once closed', () => {
    const to = port()
    const stdin = fixedStdin(Buffer.from('abc'))
    stdin.close()
    stdin.pump(to)
    expect([to.text, to.ends]).toEqual(['', 0])
  })

  test.each([fixedStdin(Buffer.from('a')), noStdin()])(
    'refuses writes without taking the process down',
    async (stdin) => {
      const failed = new Promise((resolve) => stdin.writable.write('x', resolve))
      expect(await failed).toBeInstanceOf(Error)
    },
  )
})

describe('a piped stdin', () => {
  test('keeps what was written before the command ran, and its end', async () => {
    const to = port()
    const stdin = pipedStdin()
    stdin.writable.write('a')
    stdin.writable.end('b')
    stdin.pump(to)
    await finished(stdin.writable)
    expect([to.text, to.ends]).toEqual(['ab', 1])
  })

  test('refuses what comes after its end, by write or by end, and loses nothing of what came before', async () => {
    const to = port()
    const stdin = pipedStdin()
    const errors: unknown[] = []
    stdin.writable.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code))
    stdin.writable.end('all')
    expect(stdin.writable.write('late')).toBe(false)
    stdin.writable.end('later')
    const late = new Promise((resolve) => stdin.writable.write('latest', resolve))
    expect(await late).toMatchObject({ code: 'ERR_STREAM_WRITE_AFTER_END' })
    expect(errors).toEqual(Array.from({ length: 3 }, () => 'ERR_STREAM_WRITE_AFTER_END'))
    stdin.pump(to)
    await new Promise((resolve) => stdin.writable.end(resolve))
    expect([to.text, to.ends]).toEqual(['all', 1])
  })

  test('waits for the window, byte by byte', async () => {
    const to = port(0)
    const stdin = pipedStdin()
    stdin.pump(to)
    const done = pipeline(Readable.from([Buffer.from('abc'), Buffer.from('def')]), stdin.writable)
    while (to.ends === 0) {
      await new Promise(setImmediate)
      to.room = 1
      stdin.pump(to)
    }
    await done
    expect(to.text).toBe('abcdef')
  })

  test('tells the writer that it was written when all of it was taken, which may then reuse its buffer', async () => {
    const stdin = pipedStdin()
    const to = port(2)
    stdin.pump(to)
    const written = vi.fn()
    stdin.writable.write('abc', written)
    await new Promise(setImmediate)
    expect(written).not.toHaveBeenCalled()
    to.room = 2
    stdin.pump(to)
    await new Promise(setImmediate)
    expect(written).toHaveBeenCalledOnce()
    expect(to.text).toBe('abc')
  })

  test('fails a pipeline when the command takes no more, and nothing else', async () => {
    const stdin = pipedStdin()
    stdin.pump(port(0))
    const done = pipeline(Readable.from([Buffer.alloc(10), Buffer.alloc(10)]), stdin.writable)
    await new Promise(setImmediate)
    stdin.close()
    await expect(done).rejects.toBeInstanceOf(BrokenPipe)
  })

  test('closed with nobody listening breaks nothing', async () => {
    const stdin = pipedStdin()
    stdin.writable.write('x')
    const closed = new Promise((resolve) => stdin.writable.once('close', resolve))
    stdin.close()
    await closed
    expect(await new Promise((resolve) => stdin.writable.write('y', resolve))).toBeInstanceOf(Error)
  })
})
