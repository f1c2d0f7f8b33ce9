import { describe, expect, test } from 'vitest'
import { FrameParser } from '../../src/supervisor/frame-parser.js'
import { frame, type Frame } from './peer.js'

const DATA = 0x84

/** As text, which compares faster than objects do. */
function parse(chunks: readonly Buffer[]): string {
  return parseFrames(chunks)
    .map((one) => `${one.type} ${one.channel} ${one.command} ${one.payload.toString('hex')}`)
    .join('\n')
}

/** What a parser made of the chunks; DATA of one channel joined again. */
function parseFrames(chunks: readonly Buffer[]): Frame[] {
  const found: Frame[] = []
  const open = new Map<string, Buffer[]>()
  const parser = new FrameParser({
    frame: (type, channel, command, payload) =>
      found.push({ type, channel, command, payload: Buffer.from(payload) }),
    data(channel, command, bytes) {
      const key = `${channel}/${command}`
      open.set(key, [...(open.get(key) ?? []), Buffer.from(bytes)])
    },
  })
  for (const chunk of chunks) parser.push(chunk)
  parser.end()
  for (const [key, pieces] of open) {
    const [channel, command] = key.split('/').map(Number) as [number, number]
    found.push({ type: DATA, channel, command, payload: Buffer.concat(pieces) })
  }
  return found
}

const random = (seed: number) => () => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648

describe('FrameParser', () => {
  const message = Buffer.concat([
    frame(0x82, 0, 1, Buffer.from('abcdef')),
    frame(DATA, 1, 1, Buffer.from([0, 255, 10, 13, 128])),
    frame(DATA, 2, 0xffff_ffff, Buffer.from('é')),
    frame(0x85, 1, 1),
    frame(DATA, 1, 1),
    frame(0x88, 0, 1, Buffer.alloc(300, 7)),
  ])
  const whole = parse([message])
  const wholeFrames = parseFrames([message])

  test('takes a message apart', () => {
    expect(wholeFrames.map(({ type, command }) => [type, command])).toEqual([
      [0x82, 1],
      [0x85, 1],
      [0x88, 1],
      [DATA, 1],
      [DATA, 0xffff_ffff],
    ])
    expect(wholeFrames[3]?.payload).toEqual(Buffer.from([0, 255, 10, 13, 128]))
  })

  test('gives the same for a cut at every byte, and at every two', () => {
    for (let first = 0; first <= message.length; first++) {
      expect(parse([message.subarray(0, first), message.subarray(first)])).toBe(whole)
      const second = Math.min(message.length, first + 13)
      expect(
        parse([message.subarray(0, first), message.subarray(first, second), message.subarray(second)]),
      ).toBe(whole)
    }
    expect(parse([...message].map((byte) => Buffer.from([byte])))).toBe(whole)
  })

  test('gives the same for random frames in random pieces', () => {
    const seed = Date.now() % 100_000
    const next = random(seed)
    for (let round = 0; round < 200; round++) {
      const sent = Array.from({ length: 1 + Math.floor(next() * 8) }, () => {
        const type = next() < 0.5 ? DATA : 0x82 + Math.floor(next() * 2)
        return frame(
          type,
          1,
          1 + Math.floor(next() * 3),
          Buffer.alloc(Math.floor(next() * next() * 3000), round),
        )
      })
      const bytes = Buffer.concat(sent)
      const pieces: Buffer[] = []
      for (let at = 0; at < bytes.length;) {
        const size = Math.floor(next() * 200)
        pieces.push(bytes.subarray(at, at + size))
        at += size
      }
      expect(parse(pieces), `seed ${seed}, round ${round}`).toBe(parse(sent))
    }
  })

  test('hands DATA on without copying it', () => {
    const bytes = frame(DATA, 1, 1, Buffer.alloc(1000))
    let seen: Buffer | undefined
    new FrameParser({ frame() {}, data: (_channel, _command, piece) => void (seen = piece) }).push(bytes)
    expect(seen?.buffer).toBe(bytes.buffer)
  })

  test('refuses a frame that is too long, before its payload', () => {
    const header = Buffer.alloc(12)
    header.writeUInt8(0x82, 0)
    header.writeUInt32LE(64 * 1024 + 1, 8)
    expect(() => parse([header])).toThrow(expect.objectContaining({ code: 'SUPERVISOR_PROTOCOL' }))
  })

  test('says that a stream ended inside a frame, wherever', () => {
    const bytes = frame(0x82, 0, 1, Buffer.from('abc'))
    for (let cut = 1; cut < bytes.length; cut++) {
      expect(() => parse([bytes.subarray(0, cut)]), `after ${cut} bytes`).toThrow('inside a frame')
    }
  })
})
