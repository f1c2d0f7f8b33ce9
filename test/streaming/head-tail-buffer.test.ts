import { describe, expect, it } from 'vitest'
import { HeadTailBuffer } from '../../src/streaming/head-tail-buffer.js'
import { forEachRandom, seeded } from './random.js'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

function naive(all: Buffer, headBytes: number, tailBytes: number) {
  const head = all.subarray(0, headBytes)
  const rest = all.subarray(head.length)
  const tail = rest.subarray(Math.max(0, rest.length - tailBytes))
  return { head: hex(head), tail: hex(tail), droppedBytes: all.length - head.length - tail.length }
}

const kept = (buffer: HeadTailBuffer) => {
  const { head, tail, droppedBytes } = buffer.take()
  return { head: hex(head), tail: hex(tail), droppedBytes }
}

describe('HeadTailBuffer', () => {
  it('keeps the first and the last bytes, at every total and every size of piece', () => {
    const all = Buffer.from(Array.from({ length: 40 }, (_, n) => n))
    for (const [headBytes, tailBytes] of [
      [0, 0],
      [5, 0],
      [0, 5],
      [1, 1],
      [7, 5],
      [64, 64],
    ] as const) {
      for (let total = 0; total <= all.length; total++) {
        for (let size = 1; size < 16; size += 2) {
          const buffer = new HeadTailBuffer({ headBytes, tailBytes })
          for (let at = 0; at < total; at += size) buffer.push(all.subarray(at, Math.min(at + size, total)))
          const { totalBytes, truncated } = buffer
          const wanted = naive(all.subarray(0, total), headBytes, tailBytes)
          expect({ totalBytes, truncated, ...kept(buffer) }).toEqual({
            totalBytes: total,
            truncated: wanted.droppedBytes > 0,
            ...wanted,
          })
        }
      }
    }
  })

  it(`agrees with a naive model on random pieces, also when used again ${seeded}`, () => {
    forEachRandom(100, (random) => {
      const [headBytes, tailBytes] = [random.below(3000), random.below(3000)]
      const buffer = new HeadTailBuffer({ headBytes, tailBytes })
      for (let use = 0; use < 2; use++) {
        const all = random.bytes(random.below(10_000))
        for (const piece of random.cut(all, random.pick([2, 50, 5000]))) buffer.push(piece)
        expect(kept(buffer)).toEqual(naive(all, headBytes, tailBytes))
      }
    })
  })

  it('copies: bytes changed after the push do not change what is kept', () => {
    const buffer = new HeadTailBuffer({ headBytes: 2, tailBytes: 2 })
    const bytes = Buffer.from('abcd')
    buffer.push(bytes)
    bytes.fill('x')
    expect(buffer.take()).toEqual({ head: Buffer.from('ab'), droppedBytes: 0, tail: Buffer.from('cd') })
  })

  it('holds no more memory than it keeps, for a million one-byte pieces', () => {
    const buffer = new HeadTailBuffer({ headBytes: 1000, tailBytes: 1000 })
    const bytes = Buffer.alloc(64 * 1024)
    for (let n = 0; n < 1_000_000; n++) buffer.push(bytes.subarray(n % 60_000, (n % 60_000) + 1))
    const { head, tail, droppedBytes } = buffer.take()
    expect(droppedBytes).toBe(998_000)
    expect(head.buffer.byteLength + tail.buffer.byteLength).toBeLessThan(20_000)
  })
})
