import { describe, expect, it } from 'vitest'
import { collect } from '../../src/streaming/collect.js'
import { createByteStream } from '../../src/streaming/byte-stream.js'
import { createUtf8Decoder } from '../../src/streaming/decode-text.js'
import { createRandom, forEachRandom, seed, seeded, type Random } from './random.js'

/** Characters of every length, their parts, and bytes that are never part of one. */
const samples = ['a', '\n', '\r\n', 'é', 'ß', '€', '한', '\ufeff', '😀', '𐍈', '\0'].map((text) =>
  Buffer.from(text),
)
const broken = [
  '80',
  'c0',
  'c3',
  'e2',
  'e282',
  'f0',
  'f09f',
  'f09f98',
  'ff',
  'ed',
  'eda080',
  'f5',
  'f4908080',
  'e0',
  'e080',
]

export function randomText(random: Random, length: number): Buffer {
  const part = () => (random.below(4) === 0 ? Buffer.from(random.pick(broken), 'hex') : random.pick(samples))
  return Buffer.concat(Array.from({ length }, part))
}

function decode(chunks: Iterable<Uint8Array>): string {
  const decoder = createUtf8Decoder()
  let text = ''
  for (const chunk of chunks) text += decoder.write(chunk)
  return text + decoder.end()
}

async function* streamOf(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* chunks
}

describe('createUtf8Decoder', () => {
  it('gives the same text for every place that the bytes are cut in two', () => {
    const bytes = Buffer.from('a é € 한 😀 𐍈 \ufeff z')
    for (let at = 0; at <= bytes.length; at++) {
      expect(decode([bytes.subarray(0, at), bytes.subarray(at)])).toBe(bytes.toString())
    }
  })

  it('gives the same text for single bytes, all 256 values included', () => {
    const bytes = Buffer.from(Array.from({ length: 512 }, (_, n) => n % 256))
    expect(decode([...bytes].map((byte) => Uint8Array.of(byte)))).toBe(bytes.toString())
  })

  it(`agrees with decoding in one go, also where the bytes are no UTF-8 ${seeded}`, () => {
    forEachRandom(500, (random) => {
      const bytes = randomText(random, random.below(60))
      expect(decode(random.cut(bytes, random.pick([2, 4, 9, 40])))).toBe(bytes.toString())
    })
  })

  it('gives a character as soon as it is complete', () => {
    const decoder = createUtf8Decoder()
    const written = [...Buffer.from('€x')].map((byte) => decoder.write(Uint8Array.of(byte)))
    expect(written).toEqual(['', '', '€', 'x'])
  })
})

describe('collect', () => {
  it('gives bytes and text of a stream that fits', async () => {
    const bytes = Buffer.from('a😀b')
    const all = await collect(streamOf([...bytes].map((byte) => Uint8Array.of(byte))))
    expect(all).toEqual({ bytes, text: 'a😀b', truncated: false, droppedBytes: 0 })
  })

  it('keeps head and tail of a longer one, and no half characters in the text, at every cap', async () => {
    const whole = Buffer.from('€'.repeat(30))
    for (let maxBytes = 0; maxBytes <= whole.length; maxBytes++) {
      const all = await collect(streamOf(createRandom(seed).cut(whole)), { maxBytes })
      expect(all.bytes.length).toBe(maxBytes)
      expect(all.droppedBytes).toBe(whole.length - maxBytes)
      expect(all.truncated).toBe(maxBytes < whole.length)
      expect(all.text).toMatch(/^€*$/)
      expect(all.text.length).toBeGreaterThanOrEqual(Math.floor(maxBytes / 3) - 1)
    }
  })

  it('says that bytes are missing when nobody had read them in time', async () => {
    const stream = createByteStream({ retain: { headBytes: 2, tailBytes: 2 } })
    stream.push(Buffer.from('abcdef'))
    stream.end()
    expect(await collect(stream.readable)).toEqual(
      expect.objectContaining({ text: 'abef', truncated: true, droppedBytes: 2 }),
    )
  })

  it('rejects as the stream does', async () => {
    const stream = createByteStream()
    stream.fail(new Error('broken'))
    await expect(collect(stream.readable)).rejects.toThrow('broken')
  })
})
