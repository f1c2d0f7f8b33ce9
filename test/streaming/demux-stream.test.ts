import { once } from 'node:events'
import { PassThrough, type Readable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { StreamGap } from '../../src/streaming/byte-readable.js'
import { collect } from '../../src/streaming/collect.js'
import { demuxStream } from '../../src/streaming/demux-stream.js'
import { encode, header, payloads, stderr, stdout, systemError } from './frames.js'
import { createRandom, seed, seeded } from './random.js'

const textOf = async (stream: Readable): Promise<string> => (await collect(stream)).text

/** What a reader got before the stream broke, and how it broke. */
async function brokenOff(stream: Readable): Promise<{ text: string; code: unknown }> {
  const chunks: Uint8Array[] = []
  try {
    for await (const chunk of stream) chunks.push(chunk as Uint8Array)
  } catch (error) {
    return { text: Buffer.concat(chunks).toString(), code: (error as { code?: unknown }).code }
  }
  throw new Error('the stream ended without an error')
}

/** Writes as fast as the other side takes it, and no faster. */
async function feed(source: PassThrough, chunk: Uint8Array, times: number): Promise<void> {
  for (let n = 0; n < times; n++) if (!source.write(chunk)) await once(source, 'drain')
}

describe('demuxStream', () => {
  it(`gives both streams, each whole and in order, and ends them ${seeded}`, async () => {
    const random = createRandom(seed)
    const frames = Array.from({ length: 500 }, () => ({
      type: random.pick([1, 2]),
      payload: random.bytes(random.below(300)),
    }))
    const source = new PassThrough()
    const { stdout, stderr } = demuxStream(source)
    const both = Promise.all([collect(stdout), collect(stderr)])
    for (const piece of random.cut(encode(...frames), 2000)) source.write(piece)
    source.end()
    const [out, err] = await both
    expect(Buffer.from(out.bytes).equals(payloads(frames, 1))).toBe(true)
    expect(Buffer.from(err.bytes).equals(payloads(frames, 2))).toBe(true)
  })

  it('hangs nothing when only one of the two is read, and keeps head and tail of the other', async () => {
    const source = new PassThrough()
    const streams = demuxStream(source, { maxStallMs: Infinity, retain: { headBytes: 10, tailBytes: 10 } })
    const out = textOf(streams.stdout)
    source.write(encode(stderr('beginning')))
    await feed(source, encode(stderr(Buffer.alloc(64 * 1024)), stdout('x')), 128)
    source.end(encode(stderr('the end')))
    expect(await out).toBe('x'.repeat(128))
    const err = await collect(streams.stderr)
    expect(err.text).toBe('beginning\0\0\0\0the end')
    expect(err.droppedBytes).toBe(128 * 64 * 1024 - 4)
  })

  it('makes the source wait for a slow reader, however slow, and loses nothing', async () => {
    const source = new PassThrough()
    const { stdout: out } = demuxStream(source, { highWaterMarkBytes: 64 * 1024, maxStallMs: Infinity })
    const reader = out[Symbol.asyncIterator]()
    const frame = encode(stdout(Buffer.alloc(64 * 1024 - 8, 'x')))
    source.write(frame)
    await reader.next()
    const fed = feed(source, frame, 32).then(() => source.end())
    while (!source.isPaused()) await turn()
    for (let n = 0; n < 20; n++) await turn()
    expect(source.isPaused()).toBe(true)
    expect(source.writableNeedDrain).toBe(true)
    let bytes = 64 * 1024 - 8
    for (let step = await reader.next(); step.done !== true; step = await reader.next()) {
      bytes += (step.value as Uint8Array).length
      await turn()
    }
    await fed
    expect(bytes).toBe(33 * (64 * 1024 - 8))
    expect(out.droppedBytes).toBe(0)
  })

  it('lets a reader who stalls hold up the other for maxStallMs only, and tells it what it missed', async () => {
    const source = new PassThrough()
    const streams = demuxStream(source, {
      highWaterMarkBytes: 64 * 1024,
      maxStallMs: 30,
      retain: { headBytes: 100_000, tailBytes: 1000 },
    })
    const gaps: StreamGap[] = []
    streams.stdout.on('gap', (gap: StreamGap) => gaps.push(gap))
    const stalled = streams.stdout[Symbol.asyncIterator]()
    source.write(encode(stdout('first')))
    let got = ((await stalled.next()).value as Uint8Array).length
    const err = textOf(streams.stderr)
    await feed(source, encode(stdout(Buffer.alloc(64 * 1024)), stderr('e')), 64)
    source.end(encode(stdout('last')))
    expect(await err).toBe('e'.repeat(64))
    let last = ''
    for (let step = await stalled.next(); step.done !== true; step = await stalled.next()) {
      got += (step.value as Uint8Array).length
      last = Buffer.from(step.value as Uint8Array).toString()
    }
    expect(last.endsWith('last')).toBe(true)
    expect(gaps.length).toBe(1)
    expect(got + streams.stdout.droppedBytes).toBe(5 + 64 * 64 * 1024 + 4)
  })

  it.each<[string, (source: PassThrough) => void, string]>([
    ['is cut inside a frame', (source) => source.end(header(1, 100)), 'STREAM_INVALID'],
    ['is cut inside a header', (source) => source.end(Buffer.of(1, 0)), 'STREAM_INVALID'],
    ['has no frames', (source) => source.write('plain text of a terminal'), 'ENGINE_PROTOCOL'],
    [
      'carries an error of the engine',
      (source) => source.write(encode(systemError('disk gone'))),
      'ENGINE_ERROR',
    ],
    ['fails', (source) => source.destroy(new Error('ECONNRESET')), 'ENGINE_UNREACHABLE'],
    ['closes without an end', (source) => source.destroy(), 'ENGINE_UNREACHABLE'],
  ])('breaks both streams, after what came before, when the source %s', async (_, act, code) => {
    const source = new PassThrough()
    const streams = demuxStream(source)
    const results = Promise.all([brokenOff(streams.stdout), brokenOff(streams.stderr)])
    source.write(encode(stdout('out'), stderr('err')))
    await turn()
    act(source)
    expect(await results).toEqual([
      { text: 'out', code },
      { text: 'err', code },
    ])
    await turn()
    expect(source.destroyed).toBe(true)
  })

  it('breaks streams that nobody reads without an uncaught error', async () => {
    const source = new PassThrough()
    const streams = demuxStream(source)
    source.write(encode(stdout('kept')))
    await turn()
    source.destroy(new Error('ECONNRESET'))
    await turn()
    expect(await brokenOff(streams.stdout)).toEqual({ text: 'kept', code: 'ENGINE_UNREACHABLE' })
  })

  it('stops when aborted, also before it began, and destroys the source', async () => {
    for (const early of [true, false]) {
      const source = new PassThrough()
      const aborter = new AbortController()
      if (early) aborter.abort()
      const streams = demuxStream(source, { signal: aborter.signal })
      aborter.abort()
      expect((await brokenOff(streams.stdout)).code).toBe('ABORTED')
      expect(source.destroyed).toBe(true)
    }
  })

  it('breaks when the source was gone before it began', async () => {
    const source = new PassThrough()
    source.destroy()
    expect((await brokenOff(demuxStream(source).stdout)).code).toBe('ENGINE_UNREACHABLE')
  })

  it('goes on with one stream when the reader of the other destroys it', async () => {
    const source = new PassThrough()
    const streams = demuxStream(source, { highWaterMarkBytes: 1024, maxStallMs: Infinity })
    streams.stderr.on('data', () => streams.stderr.destroy())
    const out = textOf(streams.stdout)
    await feed(source, encode(stderr(Buffer.alloc(10_000)), stdout('x')), 50)
    source.end()
    expect(await out).toBe('x'.repeat(50))
  })
})
