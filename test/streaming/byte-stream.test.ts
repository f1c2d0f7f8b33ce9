import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { text as collectText } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { StreamGap } from '../../src/streaming/byte-readable.js'
import { createByteStream, type ByteStream, type ByteStreamOptions } from '../../src/streaming/byte-stream.js'
import { createRandom, seeded } from './random.js'

function open(options: ByteStreamOptions = {}) {
  const state = { consumed: 0, gaps: [] as StreamGap[] }
  const stream = createByteStream({ ...options, onConsumed: (bytes) => (state.consumed += bytes) })
  stream.readable.on('gap', (gap: StreamGap) => state.gaps.push(gap))
  return { stream, state, readable: stream.readable }
}

const text = async (stream: ByteStream): Promise<string> => {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream.readable) chunks.push(chunk as Uint8Array)
  return Buffer.concat(chunks).toString()
}

/** Reads one chunk and leaves. */
const first = async (stream: ByteStream): Promise<string | undefined> => {
  for await (const chunk of stream.readable) return String(chunk)
  return undefined
}

describe('a stream that nobody reads', () => {
  it('consumes at once, and holding it or waiting for its events does not open it', async () => {
    const { stream, state, readable } = open()
    readable
      .on('end', () => {})
      .on('close', () => {})
      .on('error', () => {})
    for (let n = 0; n < 100; n++) expect(stream.push(Buffer.alloc(64 * 1024))).toBe(true)
    await turn()
    expect(state.consumed).toBe(100 * 64 * 1024)
    expect(stream.bufferedBytes).toBe(0)
  })

  it('gives a late reader all of it while it fits', async () => {
    const { stream, state } = open({ retain: { headBytes: 4, tailBytes: 4 } })
    stream.push(Buffer.from('abc'))
    stream.push(Buffer.from('defgh'))
    stream.end()
    expect(await text(stream)).toBe('abcdefgh')
    expect(state.gaps).toEqual([])
  })

  it('gives a late reader the head, the gap and the tail, in this order', async () => {
    const { stream, readable } = open({ retain: { headBytes: 2, tailBytes: 3 } })
    const seen: unknown[] = []
    for (const piece of 'abcdefghij') stream.push(Buffer.from(piece))
    readable.on('gap', (gap) => seen.push(gap)).on('data', (chunk) => seen.push(String(chunk)))
    stream.end()
    await once(readable, 'end')
    expect(seen).toEqual(['ab', { offset: 2, bytes: 5 }, 'hij'])
    expect(readable.droppedBytes).toBe(5)
  })

  it('keeps an error for the reader who comes, after what came before it', async () => {
    const { stream, readable } = open()
    stream.push(Buffer.from('before'))
    stream.fail(new Error('broken'))
    await turn()
    expect(readable.destroyed).toBe(false)
    const seen: string[] = []
    readable.on('data', (chunk) => seen.push(String(chunk)))
    const [error] = (await once(readable, 'error')) as [Error]
    expect([...seen, error.message]).toEqual(['before', 'broken'])
  })
})

describe('a stream that is read', () => {
  const ways: Record<string, (stream: ByteStream, take: (chunk: Uint8Array) => void) => Promise<unknown>> = {
    'for await': async ({ readable }, take) => {
      for await (const chunk of readable) take(chunk as Uint8Array)
    },
    data: ({ readable }, take) => once(readable.on('data', take), 'end'),
    'one read per readable': ({ readable }, take) => {
      readable.on('readable', () => {
        const chunk = readable.read() as Uint8Array | null
        if (chunk !== null) take(chunk)
      })
      return once(readable, 'end')
    },
    'reads of three bytes': ({ readable }, take) => {
      readable.on('readable', () => {
        for (let chunk; (chunk = (readable.read(3) ?? readable.read()) as Uint8Array | null) !== null;)
          take(chunk)
      })
      return once(readable, 'end')
    },
    pipe: ({ readable }, take) =>
      once(readable.pipe(new PassThrough({ highWaterMark: 8 })).on('data', take), 'end'),
    pipeline: ({ readable }, take) =>
      pipeline(readable, async (source) => {
        for await (const chunk of source) take(chunk as Uint8Array)
      }),
    'paused and resumed': ({ readable }, take) => {
      readable.on('data', (chunk: Uint8Array) => {
        take(chunk)
        readable.pause()
        setImmediate(() => readable.resume())
      })
      return once(readable, 'end')
    },
    toWeb: async ({ readable }, take) => {
      const { Readable } = await import('node:stream')
      for await (const chunk of Readable.toWeb(readable)) take(chunk as Uint8Array)
    },
  }

  it.each(Object.keys(ways))(`gives every byte once and in order, by %s ${seeded}`, async (name) => {
    for (let round = 0; round < 10; round++) {
      const random = createRandom(round * 7919 + Number(seeded.match(/\d+/)?.[0]))
      const all = random.bytes(random.below(20_000))
      const { stream, state } = open({
        highWaterMarkBytes: 1000,
        retain: { headBytes: 10_000, tailBytes: 10_000 },
      })
      const chunks: Uint8Array[] = []
      const pieces = random.cut(all, random.pick([3, 100, 5000]))
      const early = random.below(pieces.length + 1)
      for (const piece of pieces.slice(0, early)) stream.push(piece)
      const done = ways[name]?.(stream, (chunk) => chunks.push(chunk))
      for (const piece of pieces.slice(early)) {
        stream.push(piece)
        if (random.below(4) === 0) await turn()
      }
      stream.end()
      await done
      expect(Buffer.concat(chunks).equals(all)).toBe(true)
      expect(state).toEqual({ consumed: all.length, gaps: [] })
    }
  })

  it('holds back consumption, and says when to wait, while the reader does not take', async () => {
    const { stream, state, readable } = open({ highWaterMarkBytes: 100 })
    const reader = readable[Symbol.asyncIterator]()
    const asked = reader.next()
    await turn()
    expect(stream.push(Buffer.alloc(60))).toBe(true)
    await asked
    await turn()
    expect(state.consumed).toBe(60)
    expect([80, 80, 80].map((size) => stream.push(Buffer.alloc(size)))).toEqual([true, false, false])
    await turn()
    expect([state.consumed, stream.bufferedBytes]).toEqual([60, 240])
    await reader.next()
    expect([state.consumed, stream.bufferedBytes]).toEqual([300, 0])
  })

  it('breaks with the error only after all that came before it was read', async () => {
    const { stream } = open()
    const seen: string[] = []
    const read = (async () => {
      for await (const chunk of stream.readable) {
        seen.push(String(chunk))
        await turn()
      }
    })()
    await turn()
    for (const piece of ['a', 'b', 'c']) stream.push(Buffer.from(piece.repeat(2000)))
    stream.fail(new Error('broken'))
    await expect(read).rejects.toThrow('broken')
    expect(seen.join('')).toBe('a'.repeat(2000) + 'b'.repeat(2000) + 'c'.repeat(2000))
  })

  it('consumes everything once it is destroyed', async () => {
    const { stream, state, readable } = open({ highWaterMarkBytes: 10 })
    readable.on('data', () => readable.pause())
    await turn()
    stream.push(Buffer.alloc(100))
    stream.push(Buffer.alloc(100))
    readable.destroy()
    await once(readable, 'close')
    for (let n = 0; n < 5; n++) expect(stream.push(Buffer.alloc(100))).toBe(true)
    expect(state.consumed).toBe(700)
    stream.end()
    stream.fail(new Error('nobody hears it'))
  })

  it('keeps a listener that throws out of the way of the sender', async () => {
    const { stream, readable } = open()
    const thrown: unknown[] = []
    const others = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException').on('uncaughtException', (error) => thrown.push(error))
    try {
      let seen = ''
      readable.on('data', (chunk) => {
        seen += String(chunk)
        if (seen === 'a') throw new Error('mine')
      })
      await turn()
      for (const piece of 'abc') expect(stream.push(Buffer.from(piece))).toBe(true)
      stream.end()
      await once(readable, 'end')
      expect(seen).toBe('abc')
      expect(thrown).toEqual([new Error('mine')])
    } finally {
      process.removeAllListeners('uncaughtException')
      for (const listener of others) process.on('uncaughtException', listener)
    }
  })
})

describe('a stream whose reader leaves', () => {
  it('goes on draining, is not destroyed, and gives the next reader the rest', async () => {
    const { stream, state, readable } = open({
      highWaterMarkBytes: 4,
      retain: { headBytes: 8, tailBytes: 8 },
    })
    stream.push(Buffer.from('one'))
    expect(await first(stream)).toBe('one')
    expect(readable.destroyed).toBe(false)
    for (const piece of ['two', 'three', 'four']) expect(stream.push(Buffer.from(piece))).toBe(true)
    expect(state.consumed).toBe(15)
    stream.end()
    expect(await text(stream)).toBe('twothreefour')
  })

  it('consumes what was waiting at the moment of leaving, though no more is pushed', async () => {
    const { stream, state, readable } = open({ highWaterMarkBytes: 4 })
    stream.push(Buffer.from('a'))
    for await (const chunk of readable) {
      expect(String(chunk)).toBe('a')
      await turn()
      for (const piece of ['bbbb', 'cccc', 'dddd']) stream.push(Buffer.from(piece))
      expect(state.consumed).toBeLessThan(13)
      break
    }
    expect(state.consumed).toBe(13)
    stream.end()
    expect(await text(stream)).toBe('bbbbccccdddd')
  })

  it('drains again when the target of a pipe closes', async () => {
    const { stream, state, readable } = open({ highWaterMarkBytes: 4 })
    const target = new PassThrough({ highWaterMark: 1 })
    readable.pipe(target)
    await turn()
    for (let n = 0; n < 10; n++) stream.push(Buffer.alloc(5, 65 + n))
    await turn()
    expect(state.consumed).toBeLessThan(50)
    target.destroy()
    await once(target, 'close')
    await turn()
    expect(state.consumed).toBe(50)
    stream.end()
    expect((await text(stream)).endsWith('JJJJJ')).toBe(true)
  })

  it('keeps an error that comes while nobody listens from being uncaught', async () => {
    const { stream } = open()
    stream.push(Buffer.from('a'))
    for await (const chunk of stream.readable) {
      expect(String(chunk)).toBe('a')
      await turn()
      break
    }
    stream.fail(new Error('broken'))
    await turn()
    await expect(text(stream)).rejects.toThrow('broken')
  })

  it.each([
    ['unpipe', 'a'],
    ['unpipe', 'abc'],
    ['destroy', 'a'],
    ['destroy', 'abc'],
  ] as const)(
    'gives nothing more to a listener that leaves in the midst of its event (%s, %s)',
    async (leave, all) => {
      const { stream, state, readable } = open()
      const seen: string[] = []
      const target = new PassThrough()
      readable.pipe(target)
      readable.once('data', (chunk) => {
        seen.push(String(chunk))
        readable[leave]()
      })
      await turn()
      for (const piece of all) stream.push(Buffer.from(piece))
      stream.fail(new Error('heard by nobody'))
      await turn()
      target.end()
      expect(seen).toEqual(['a'])
      expect(await collectText(target)).toBe('a')
      expect(state.consumed).toBe(all.length)
    },
  )

  it('opens for a second reader when the first left while waiting', async () => {
    const { stream, readable } = open()
    const target = new PassThrough()
    readable.pipe(target)
    await turn()
    readable.unpipe(target)
    await turn()
    const read = text(stream)
    await turn()
    stream.push(Buffer.from('for the second'))
    stream.end()
    expect(await read).toBe('for the second')
  })

  it('reports the right offsets for several gaps', async () => {
    const { stream, state } = open({ retain: { headBytes: 1, tailBytes: 1 } })
    stream.push(Buffer.from('0123'))
    expect(await first(stream)).toBe('0')
    stream.push(Buffer.from('4567'))
    stream.end()
    expect(await text(stream)).toBe('3' + '47')
    expect(state.gaps).toEqual([
      { offset: 1, bytes: 2 },
      { offset: 5, bytes: 2 },
    ])
  })

  it('treats a reader who stalls as absent after release, until it reads on', async () => {
    const { stream, state, readable } = open({
      highWaterMarkBytes: 4,
      retain: { headBytes: 4, tailBytes: 4 },
    })
    const reader = readable[Symbol.asyncIterator]()
    stream.push(Buffer.from('a'))
    await reader.next()
    await turn()
    for (const piece of ['bb', 'cccc', 'dddd']) stream.push(Buffer.from(piece))
    expect(stream.bufferedBytes).toBeGreaterThan(0)
    stream.release()
    expect(stream.bufferedBytes).toBe(0)
    stream.push(Buffer.from('eeee'))
    stream.end()
    expect(state.consumed).toBe(15)
    let rest = ''
    for (let step = await reader.next(); step.done !== true; step = await reader.next())
      rest += String(step.value)
    expect(rest.length + readable.droppedBytes).toBe(14)
    expect(rest.startsWith('bb')).toBe(true)
    expect(rest.endsWith('eeee')).toBe(true)
  })
})

describe('a stream that keeps the newest', () => {
  const keeping = (keepNewestBytes: number) =>
    open({ keepNewestBytes, retain: { headBytes: 3, tailBytes: 3 } })
  /** All that is left, gaps in their places. */
  const rest = async ({ readable }: ByteStream): Promise<string> => {
    let seen = ''
    readable.on('gap', ({ offset, bytes }: StreamGap) => (seen += `<${bytes} at ${offset}>`))
    for await (const chunk of readable) seen += String(chunk)
    return seen
  }

  it('lets the sender go on, and tells a slow reader what is missing, where it is missing', async () => {
    const { stream, state } = keeping(6)
    stream.push(Buffer.from('ab'))
    expect(await first(stream)).toBe('ab')
    const reader = stream.readable[Symbol.asyncIterator]()
    const next = reader.next()
    stream.push(Buffer.from('cd'))
    expect(String((await next).value)).toBe('cd')
    for (const piece of ['ef', 'gh', 'ij', 'kl', 'mn']) expect(stream.push(Buffer.from(piece))).toBe(true)
    expect(state.consumed).toBe(14)
    stream.end()
    expect(await rest(stream)).toBe('<4 at 4>ijklmn')
    expect(state.consumed).toBe(14)
  })

  it('keeps the end of a piece that is larger than all it may keep', async () => {
    const { stream } = keeping(6)
    const reader = stream.readable[Symbol.asyncIterator]()
    const next = reader.next()
    stream.push(Buffer.from('a'))
    await next
    stream.push(Buffer.from('bc'))
    stream.push(Buffer.from('defghijklm'))
    stream.end()
    expect(await rest(stream)).toBe('<6 at 1>hijklm')
  })

  it('tells of a gap before what was put aside when its reader left', async () => {
    const { stream, state } = keeping(6)
    const reader = stream.readable[Symbol.asyncIterator]()
    const next = reader.next()
    stream.push(Buffer.from('a'))
    await next
    for (const piece of ['bcd', 'efg', 'hij']) stream.push(Buffer.from(piece))
    await reader.return?.()
    stream.push(Buffer.from('klmn'))
    stream.end()
    expect(await rest(stream)).toBe('<3 at 1>efg<4 at 7>lmn')
    expect(state.consumed).toBe(14)
  })

  it('drops nothing for a reader who keeps up', async () => {
    const { stream, state } = keeping(6)
    const all = text(stream)
    for (let n = 0; n < 100; n++) {
      stream.push(Buffer.from('abcdef'))
      await turn()
    }
    stream.end()
    expect(await all).toBe('abcdef'.repeat(100))
    expect([state.gaps, state.consumed]).toEqual([[], 600])
  })
})
