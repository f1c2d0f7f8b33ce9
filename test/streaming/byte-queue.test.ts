import { describe, expect, it } from 'vitest'
import { ByteQueue } from '../../src/streaming/byte-queue.js'
import { forEachRandom, seeded } from './random.js'

function drain(queue: ByteQueue): Uint8Array[] {
  const chunks: Uint8Array[] = []
  for (let chunk = queue.shift(); chunk !== undefined; chunk = queue.shift()) chunks.push(chunk)
  return chunks
}

describe('ByteQueue', () => {
  it(`gives the bytes back in order, pushes and shifts mixed ${seeded}`, () => {
    forEachRandom(60, (random) => {
      const all = random.bytes(random.below(20_000))
      const queue = new ByteQueue()
      const out: Uint8Array[] = []
      let [pushed, shifted, miscounted] = [0, 0, 0]
      for (const piece of random.cut(all, random.pick([3, 300, 3000, 15_000]))) {
        queue.push(piece)
        pushed += piece.length
        while (random.below(3) === 0) {
          const chunk = queue.shift()
          if (chunk === undefined) break
          out.push(chunk)
          shifted += chunk.length
        }
        if (queue.bytes !== pushed - shifted) miscounted++
      }
      expect(miscounted).toBe(0)
      expect(Buffer.concat([...out, ...drain(queue)]).equals(all)).toBe(true)
      expect(queue.bytes).toBe(0)
    })
  })

  it('passes large pieces on without copying', () => {
    const queue = new ByteQueue()
    const large = Buffer.alloc(64 * 1024).subarray(12)
    queue.push(large)
    expect(queue.shift()).toBe(large)
  })

  it.each([100, 4000])('holds pieces of %d bytes together, without the large chunks they came in', (size) => {
    const queue = new ByteQueue()
    for (let n = 0; n < 200; n++) queue.push(Buffer.alloc(64 * 1024).subarray(0, size))
    const held = new Set(drain(queue).map(({ buffer }) => buffer))
    const memory = [...held].reduce((sum, { byteLength }) => sum + byteLength, 0)
    expect(memory).toBeLessThan(200 * size * 1.4 + 16 * 1024)
  })
})
