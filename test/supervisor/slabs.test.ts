import { expect, test } from 'vitest'
import { FrameWriter } from '../../src/supervisor/frame-writer.js'
import { headerBytes, dataFrameBytes, frameType } from '../../src/supervisor/protocol.js'
import { Session } from '../../src/supervisor/resume.js'
import { giveBack, takeSlab } from '../../src/supervisor/slabs.js'

const frameBytes = headerBytes + dataFrameBytes

test('what was given back is used again, once', () => {
  const slab = takeSlab()
  giveBack(slab.subarray(0, 40_000))
  giveBack(slab)
  expect(takeSlab().buffer).toBe(slab.buffer)
  expect(takeSlab().buffer).not.toBe(slab.buffer)
})

test('memory of others is left alone', () => {
  const others = Buffer.allocUnsafeSlow(frameBytes)
  giveBack(others)
  expect(takeSlab().buffer).not.toBe(others.buffer)
})

test('what was not acknowledged can be sent again as it was, whatever was sent and acknowledged since', () => {
  const session = new Session({ orphanGraceMs: 1000, keepBytes: 1 }, 'instance')
  const written: Buffer[] = []
  const writer = new FrameWriter((pieces) => {
    session.sent(pieces)
    for (const piece of pieces) written.push(Buffer.from(piece))
  })
  const chunk = Buffer.alloc(dataFrameBytes)
  for (let n = 0; n < 200; n++) {
    writer.data(frameType.data, 0, 1, chunk.fill(n))
    chunk.fill(255)
    writer.flush()
    const behind = n % 7
    if (n >= behind) session.acknowledge((n - behind) * frameBytes + 5)
    const from = (n - Math.min(n, 6)) * frameBytes
    expect(written.at(-1)?.at(-1)).toBe(n)
    const kept = Buffer.concat(session.unsent(Math.max(from, (n - behind) * frameBytes + 5)))
    expect(kept.equals(Buffer.concat(written).subarray(-kept.length))).toBe(true)
    expect(kept.length).toBeGreaterThan(0)
  }
})
