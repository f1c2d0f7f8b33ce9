import { describe, expect, it } from 'vitest'
import type { ContainersError } from '../../src/errors/containers-error.js'
import { createDemuxer } from '../../src/streaming/demux.js'
import { encode, header, payloads, stderr, stdout, systemError, type Frame } from './frames.js'
import { forEachRandom, seeded } from './random.js'

const allBytes = Uint8Array.from({ length: 256 }, (_, byte) => byte)

function record(options?: { maxFrameBytes?: number }) {
  const pieces: { to: string; bytes: Uint8Array }[] = []
  const errors: ContainersError[] = []
  const demuxer = createDemuxer(
    {
      onStdout: (bytes) => pieces.push({ to: 'stdout', bytes }),
      onStderr: (bytes) => pieces.push({ to: 'stderr', bytes }),
      onSystemError: (error) => errors.push(error),
    },
    options,
  )
  const all = (to: string) =>
    Buffer.concat(pieces.filter((piece) => piece.to === to).map((piece) => piece.bytes))
  return { demuxer, pieces, errors, all }
}

function expectSame(frames: Frame[], chunks: Uint8Array[]): void {
  const { demuxer, all } = record()
  for (const chunk of chunks) demuxer.push(chunk)
  demuxer.end()
  expect(all('stdout').equals(payloads(frames, 0, 1))).toBe(true)
  expect(all('stderr').equals(payloads(frames, 2))).toBe(true)
}

describe('createDemuxer', () => {
  const frames = [stdout('one'), stderr(''), stderr(allBytes), { type: 0, payload: allBytes }, stdout('é€😀')]
  const bytes = encode(...frames)

  it('gives the same for every place that the stream is cut in two', () => {
    for (let at = 0; at <= bytes.length; at++) expectSame(frames, [bytes.subarray(0, at), bytes.subarray(at)])
  })

  it('gives the same for pieces of every size', () => {
    for (let size = 1; size < 40; size++) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
        bytes.subarray(n * size, (n + 1) * size),
      )
      expectSame(frames, chunks)
    }
  })

  it(`agrees with a naive model on random frames in random pieces ${seeded}`, () => {
    forEachRandom(300, (random) => {
      const some = Array.from({ length: random.below(30) }, () => ({
        type: random.below(3),
        payload: random.bytes(random.pick([0, 1, 7, 8, 9, random.below(200)])),
      }))
      expectSame(some, random.cut(encode(...some)))
    })
  })

  it('takes 20,000 one-byte frames in one buffer', () => {
    const many = Array.from({ length: 20_000 }, (_, n) =>
      (n % 3 === 0 ? stderr : stdout)(Buffer.from([n % 256])),
    )
    expectSame(many, [encode(...many)])
  })

  it('keeps the order between the two outputs', () => {
    const { demuxer, pieces } = record()
    demuxer.push(encode(stdout('a'), stderr('b'), stdout('c')))
    expect(pieces.map(({ to, bytes }) => `${to} ${Buffer.from(bytes).toString()}`)).toEqual([
      'stdout a',
      'stderr b',
      'stdout c',
    ])
  })

  it('hands on parts of the chunk itself, also of a frame that spans chunks', () => {
    const { demuxer, pieces } = record()
    const [first, second] = [encode(stdout('hello ')).subarray(0, 11), Buffer.from('lo ')]
    demuxer.push(first)
    demuxer.push(second)
    expect(pieces.map(({ bytes }) => bytes.buffer)).toEqual([first.buffer, second.buffer])
    expect(pieces[1]?.bytes).toBe(second)
  })

  it('says how much is missing when the stream ends inside a frame', () => {
    const frame = encode(stdout('hello'))
    for (let at = 0; at <= frame.length; at++) {
      const { demuxer, all } = record()
      demuxer.push(frame.subarray(0, at))
      if (at === 0 || at === frame.length) {
        demuxer.end()
        continue
      }
      const missingBytes = at < 8 ? 8 - at : frame.length - at
      expect(() => demuxer.end()).toThrow(
        expect.objectContaining({
          code: 'STREAM_INVALID',
          details: expect.objectContaining({ missingBytes }),
        }),
      )
      expect(all('stdout').toString()).toBe('hello'.slice(0, Math.max(0, at - 8)))
    }
  })

  it.each<[string, Buffer]>([
    ['an unknown type', Buffer.from([4, 0, 0, 0, 0, 0, 0, 1])],
    ['text', Buffer.from('root@abc')],
    ...[1, 2, 3].map(
      (at) => [`padding at ${at}`, Buffer.from(header(1, 5)).fill(1, at, at + 1)] as [string, Buffer],
    ),
    ['an absurd length', header(1, 0xffffffff)],
  ])('refuses %s in a header, after delivering what came before it', (_, bad) => {
    for (let at = 0; at < bad.length; at++) {
      const { demuxer, all } = record()
      const push = () => {
        demuxer.push(Buffer.concat([encode(stderr('before')), bad.subarray(0, at)]))
        demuxer.push(bad.subarray(at))
      }
      expect(push).toThrow(
        expect.objectContaining({ code: 'ENGINE_PROTOCOL', details: { header: bad.toString('hex') } }),
      )
      expect(all('stderr').toString()).toBe('before')
      expect(() => demuxer.push(encode(stdout('x')))).toThrow(
        expect.objectContaining({ code: 'STREAM_INVALID' }),
      )
      expect(() => demuxer.end()).not.toThrow()
    }
  })

  it('reads lengths of 2 GiB and more as what they are', () => {
    const { demuxer } = record({ maxFrameBytes: Infinity })
    demuxer.push(header(1, 0xfffffff0))
    expect(() => demuxer.end()).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ missingBytes: 0xfffffff0 }) }),
    )
  })

  it('reports an error of the engine after what came before it, wherever the stream is cut', () => {
    const whole = encode(stdout('before'), systemError('disk gone\n'), stdout('after'))
    for (let at = 0; at <= whole.length; at++) {
      const { demuxer, pieces, errors, all } = record()
      let before = -1
      const push = (chunk: Uint8Array) => {
        demuxer.push(chunk)
        if (errors.length > 0 && before < 0) before = pieces.length
      }
      push(whole.subarray(0, at))
      push(whole.subarray(at))
      demuxer.end()
      expect(errors).toEqual([expect.objectContaining({ code: 'ENGINE_ERROR' })])
      expect(errors[0]?.message).toContain('disk gone')
      expect(before).toBeGreaterThan(0)
      expect(all('stdout').toString()).toBe('beforeafter')
    }
  })

  it('reports an error of the engine without a text, and bounds a long one', () => {
    const { demuxer, errors } = record()
    demuxer.push(encode(systemError(''), systemError('x'.repeat(1024 * 1024))))
    expect(errors.map(({ message }) => message.length < 70_000)).toEqual([true, true])
    expect(errors[0]?.message).toContain('no reason')
  })

  it('refuses to go on after a handler has thrown, since the place in the stream is lost', () => {
    const demuxer = createDemuxer({
      onStdout() {
        throw new Error('mine')
      },
      onStderr() {},
      onSystemError() {},
    })
    expect(() => demuxer.push(encode(stdout('x')))).toThrow('mine')
    expect(() => demuxer.push(encode(stdout('x')))).toThrow(
      expect.objectContaining({ code: 'STREAM_INVALID' }),
    )
  })
})
