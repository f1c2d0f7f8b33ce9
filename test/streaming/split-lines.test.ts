import { Readable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { createByteStream } from '../../src/streaming/byte-stream.js'
import { LineSplitter, type Line } from '../../src/streaming/line-splitter.js'
import { splitLines } from '../../src/streaming/split-lines.js'
import { forEachRandom, seeded, type Random } from './random.js'

const line = (text: string, partial = false, droppedBefore = 0): Line => ({ text, partial, droppedBefore })

function split(chunks: Iterable<Uint8Array>, maxLineBytes?: number): Line[] {
  const splitter = new LineSplitter(maxLineBytes === undefined ? {} : { maxLineBytes })
  const lines: Line[] = []
  const take = () => {
    for (let next = splitter.next(); next !== undefined; next = splitter.next()) lines.push(next)
  }
  for (const chunk of chunks) {
    splitter.push(chunk)
    take()
  }
  splitter.end()
  take()
  return lines
}

/** The plainest splitter: all bytes at once. Latin-1 keeps a character a byte. */
function naive(bytes: Buffer, maxLineBytes = Infinity): Line[] {
  const parts = bytes.toString('latin1').split('\n')
  const last = parts.pop() ?? ''
  const whole = parts.map((part) => part.replace(/\r$/, ''))
  return [...whole, ...(last === '' ? [] : [last])].flatMap((part) => {
    const lines: Line[] = []
    let rest = Buffer.from(part, 'latin1')
    while (rest.length > maxLineBytes) {
      const at = cutBefore(rest, maxLineBytes)
      lines.push(line(rest.toString('utf8', 0, at), true))
      rest = rest.subarray(at)
    }
    return [...lines, line(rest.toString())]
  })
}

/** Before the character that would straddle `at`, if it is one at all. */
function cutBefore(bytes: Buffer, at: number): number {
  for (const back of [1, 2, 3]) {
    const lead = bytes[at - back] ?? 0
    const size =
      lead >= 0xf0 && lead <= 0xf4 ? 4 : lead >= 0xe0 && lead < 0xf0 ? 3 : lead >= 0xc2 && lead < 0xe0 ? 2 : 1
    const between = [...bytes.subarray(at - back + 1, at + 1)]
    if (size > back && between.every((byte) => byte >= 0x80 && byte < 0xc0)) return at - back
  }
  return at
}

const parts = ['a', 'bc', '\n', '\n', '\r\n', '\r', '\n\n', 'é', '€', '😀', 'long line ', '\0'].map((text) =>
  Buffer.from(text),
)
const broken = ['80', 'c3', 'e282', 'f09f98', 'ff'].map((hex) => Buffer.from(hex, 'hex'))
const randomLines = (random: Random): Buffer =>
  Buffer.concat(
    Array.from({ length: random.below(40) }, () => random.pick(random.below(5) === 0 ? broken : parts)),
  )

describe('LineSplitter', () => {
  const bytes = Buffer.from('one\n\r\ntwo é\r\n\rthree\r\r\n€😀\n\nlast')

  it('gives the same lines for every place that the bytes are cut in two', () => {
    expect(naive(bytes).map(({ text }) => text)).toEqual(['one', '', 'two é', '\rthree\r', '€😀', '', 'last'])
    for (let at = 0; at <= bytes.length; at++) {
      expect(split([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(naive(bytes))
    }
  })

  it('gives the same pieces of long lines for every limit and every place that the bytes are cut in two', () => {
    for (let limit = 4; limit < 12; limit++) {
      for (let at = 0; at <= bytes.length; at++) {
        expect(split([bytes.subarray(0, at), bytes.subarray(at)], limit)).toEqual(naive(bytes, limit))
      }
    }
  })

  it(`agrees with a naive model on random bytes, pieces and limits ${seeded}`, () => {
    forEachRandom(1000, (random) => {
      const some = randomLines(random)
      const limit = random.pick([4, 5, 6, 7, 8, 20, 1000])
      expect(split(random.cut(some, random.pick([2, 3, 10, 100])), limit)).toEqual(naive(some, limit))
    })
  })

  it('gives a line as soon as its end is there, and a final one without an end', () => {
    const splitter = new LineSplitter()
    splitter.push(Buffer.from('a\nb'))
    expect([splitter.next(), splitter.next()]).toEqual([line('a'), undefined])
    splitter.push(Buffer.from('c\n'))
    expect([splitter.next(), splitter.next()]).toEqual([line('bc'), undefined])
    splitter.push(Buffer.from('d'))
    splitter.end()
    expect([splitter.next(), splitter.next()]).toEqual([line('d'), undefined])
  })

  it('takes a line of exactly the limit whole, whatever its end', () => {
    for (const end of ['\n', '\r\n', ''])
      expect(split([Buffer.from('12345678' + end)], 8)).toEqual([line('12345678')])
    expect(split([Buffer.from('123456789\n')], 8)).toEqual([line('12345678', true), line('9')])
  })

  it('takes a line of 64 MiB, in pieces by default, and in one go where that is allowed', () => {
    const chunk = Buffer.alloc(64 * 1024, 'x')
    const chunks = Array.from({ length: 1024 }, () => chunk)
    const pieces = split(chunks)
    expect(pieces.length).toBe(64)
    expect(pieces.filter(({ partial }) => partial).length).toBe(63)
    expect(split([Buffer.alloc(64 * 1024 * 1024, 'x')]).length).toBe(64)
    expect(split(chunks, 65 * 1024 * 1024).map(({ text }) => text.length)).toEqual([64 * 1024 * 1024])
  })

  it.each([0, 3, -1, 4.5, NaN, Infinity, 2 ** 40])('refuses maxLineBytes %d', (maxLineBytes) => {
    expect(() => new LineSplitter({ maxLineBytes })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    )
  })
})

describe('splitLines', () => {
  it('gives the lines of any stream of bytes', async () => {
    const seen: string[] = []
    for await (const { text } of splitLines(Readable.from([Buffer.from('a\nb'), Buffer.from('c')])))
      seen.push(text)
    expect(seen).toEqual(['a', 'bc'])
  })

  it(`lets each reader go on exactly where the one before left ${seeded}`, async () => {
    const all = Array.from({ length: 60 }, (_, n) => `line ${n} ${'é'.repeat(n % 7)}`)
    const pieces: Uint8Array[][] = []
    forEachRandom(20, (random) =>
      pieces.push(random.cut(Buffer.from(all.join('\n')), random.pick([3, 30, 500]))),
    )
    for (const chunks of pieces) {
      const stream = createByteStream({ highWaterMarkBytes: 64 })
      const seen: string[] = []
      for (const [n, chunk] of chunks.entries()) {
        stream.push(chunk)
        if (n === chunks.length - 1) stream.end()
        if (n % 3 !== 0 || n === 0 || !Buffer.from(chunk).includes('\n')) continue
        for await (const { text } of splitLines(stream.readable)) {
          seen.push(text)
          break
        }
        await turn()
      }
      for await (const { text } of splitLines(stream.readable)) seen.push(text)
      expect(seen).toEqual(all)
    }
  })

  it('lets the next reader have the rest though the stream ended while the first was busy', async () => {
    const stream = createByteStream()
    stream.push(Buffer.from('one\ntwo\nthree'))
    stream.end()
    for await (const { text } of splitLines(stream.readable)) {
      expect(text).toBe('one')
      for (let n = 0; n < 10; n++) await turn()
      break
    }
    const rest: string[] = []
    for await (const { text } of splitLines(stream.readable)) rest.push(text)
    expect(rest).toEqual(['two', 'three'])
  })

  it('cuts the line in front of a gap, and says how much is missing', async () => {
    const stream = createByteStream({ retain: { headBytes: 5, tailBytes: 6 } })
    stream.push(Buffer.from('a\nbcd--------\ne\nf\n'))
    stream.end()
    const lines: Line[] = []
    for await (const next of splitLines(stream.readable)) lines.push(next)
    expect(lines).toEqual([line('a'), line('bcd', true), line('-', false, 7), line('e'), line('f')])
  })

  it('loses nothing when left at a gap', async () => {
    const stream = createByteStream({ retain: { headBytes: 5, tailBytes: 6 } })
    stream.push(Buffer.from('a\nbcd--------\ne\nf\n'))
    stream.end()
    for await (const { partial } of splitLines(stream.readable)) if (partial) break
    const rest: string[] = []
    for await (const { text } of splitLines(stream.readable)) rest.push(text)
    expect(rest).toEqual(['-', 'e', 'f'])
  })

  it('fails as the stream does, after its lines and what there is of the last one', async () => {
    const stream = createByteStream()
    stream.push(Buffer.from('a\nb'))
    stream.fail(new Error('broken'))
    const seen: Line[] = []
    await expect(async () => {
      for await (const next of splitLines(stream.readable)) seen.push(next)
    }).rejects.toThrow('broken')
    expect(seen).toEqual([line('a'), line('b', true)])
  })
})
