import { describe, expect, it } from 'vitest'
import { joinLines } from '../../src/logs/join-lines.js'
import { logGap, stampToSince, type LogGap, type StampedEntry } from '../../src/logs/log-entry.js'
import { LogPosition } from '../../src/logs/log-position.js'
import { LossWatch } from '../../src/logs/loss-watch.js'
import { framedEntries, PIECE_BYTES, rawEntries } from '../../src/logs/parse-entries.js'
import { entry, frame, stamp } from './entries.js'

describe('taking a log apart', () => {
  const entries = [
    entry(1, 'é\n'),
    entry(2, '\n', 'stderr'),
    entry(3, 'x'.repeat(PIECE_BYTES)),
    entry(3, 'end\n'),
    entry(4, 'no end'),
  ]

  it('finds the same framed entries wherever the pieces are cut', () => {
    const bytes = Buffer.concat(entries.map(frame))
    for (const cut of [...Array(120).keys(), bytes.length - 1]) {
      const found: StampedEntry[] = []
      const parser = framedEntries(
        (one) => found.push(one),
        () => expect.unreachable(),
      )
      parser.push(bytes.subarray(0, cut))
      parser.push(bytes.subarray(cut))
      parser.end()
      expect(found.map((one) => [one.stream, one.stamp, String(one.bytes)])).toEqual(
        entries.map((one) => [one.stream, one.stamp, String(one.bytes)]),
      )
    }
  })

  it('finds the same entries without frames, as with a terminal', () => {
    const raw = entries.map(({ stamp: at, bytes }) => Buffer.concat([Buffer.from(`${at} `), bytes]))
    const bytes = Buffer.concat(raw)
    for (const size of [1, 7, 1000, PIECE_BYTES, 100_000]) {
      const found: string[] = []
      const parser = rawEntries((one) => found.push(`${one.stamp} ${String(one.bytes)}`))
      for (let at = 0; at < bytes.length; at += size) parser.push(bytes.subarray(at, at + size))
      parser.end()
      expect(found, `pieces of ${size}`).toEqual(raw.map(String))
    }
  })

  it('reports what the engine itself says went wrong', () => {
    const failed = new Promise((resolve) => {
      const text = Buffer.from('disk gone')
      framedEntries(() => expect.unreachable(), resolve).push(
        Buffer.concat([Buffer.from([3, 0, 0, 0, 0, 0, 0, text.length]), text]),
      )
    })
    return expect(failed).resolves.toMatchObject({ message: expect.stringContaining('disk gone') as string })
  })

  it('brings every form of a timestamp to the one that sorts', () => {
    const found: string[] = []
    const parser = rawEntries((one) => found.push(one.stamp))
    for (const form of ['2026-01-02T03:04:05.5Z', '2026-01-02T04:34:05.25+01:30', '2026-01-02T03:04:05Z']) {
      parser.push(Buffer.from(`${form} x\n`))
    }
    expect(found).toEqual([stamp(500_000_000), stamp(250_000_000), stamp(0)])
    expect(stampToSince(stamp(7), 1)).toBe('1767323044.000000007')
  })
})

async function linesOf(...entries: (StampedEntry | LogGap)[]): Promise<string[]> {
  const texts: string[] = []
  async function* source() {
    yield* entries
  }
  for await (const { stream, text } of joinLines(source(), false)) texts.push(`${stream} ${text}`)
  return texts
}

it('joins only pieces of full size, each stream by itself', async () => {
  const piece = 'x'.repeat(PIECE_BYTES)
  expect(
    await linesOf(
      entry(1, piece),
      entry(2, 'err\n', 'stderr'),
      entry(1, 'end\n'),
      entry(3, 'died'),
      entry(4, 'again\n'),
    ),
  ).toEqual(['stderr err', `stdout ${piece}end`, 'stdout died', 'stdout again'])
})

it('ends a line where entries are missing in it', async () => {
  const piece = 'x'.repeat(PIECE_BYTES)
  const source = async function* () {
    yield* [entry(1, piece), logGap(stamp(1), stamp(2)), entry(2, 'rest\n')]
    await Promise.resolve()
  }
  const lines: string[] = []
  for await (const { stream, text } of joinLines(source(), false))
    lines.push(stream === 'gap' ? stream : text)
  expect(lines).toEqual([piece, 'gap', 'rest'])
})

describe('going on where it was', () => {
  it('knows what was read, equal timestamps and late streams included', () => {
    const position = new LogPosition()
    const read = [entry(1), entry(5), entry(5), entry(4, '4\n', 'stderr')]
    for (const one of read) expect(position.take(one)).toEqual({ repeat: false, lost: false })
    position.replay()
    const again = [
      ...read.slice(0, 3),
      entry(5),
      read[3] as StampedEntry,
      entry(4, '4b\n', 'stderr'),
      entry(6),
    ]
    expect(again.map((one) => position.take(one).repeat)).toEqual([
      true,
      true,
      true,
      false,
      true,
      false,
      false,
    ])
  })

  it('knows when the last entry is no longer there, and says so once', () => {
    const position = new LogPosition()
    position.take(entry(5))
    position.replay()
    expect([entry(7), entry(8)].map((one) => position.take(one).lost)).toEqual([true, false])
  })

  it('takes what an engine says twice only once', () => {
    const position = new LogPosition()
    const said = [entry(1), entry(2), entry(2), entry(3), entry(1), entry(2), entry(2), entry(3), entry(4)]
    expect(said.filter((one) => !position.take(one).repeat).map((one) => one.stamp)).toEqual(
      [1, 2, 2, 3, 4].map(stamp),
    )
  })

  it('takes the one line of a new file once, however often the engine begins with it', () => {
    const piece = 'x'.repeat(PIECE_BYTES)
    const long = [entry(3, piece), entry(3, piece), entry(3, 'end\n')]
    const said = [entry(1), entry(2), entry(2), entry(2), ...long, ...long, ...long, entry(4)]
    const takenBy = (position: LogPosition): string[] =>
      said.filter((one) => !position.take(one).repeat).map((one) => one.stamp)
    expect(takenBy(new LogPosition(true))).toEqual([1, 2, 3, 3, 3, 4].map(stamp))
    // Where several lines of one moment share a timestamp, none may be left out.
    expect(takenBy(new LogPosition(false))).toHaveLength(said.length)
  })
})

describe('watching for loss', () => {
  const watched = async (received: number[], there: { count: number; whole: boolean }): Promise<LogGap[]> => {
    const watch = new LossWatch(() => Promise.resolve(there))
    for (const n of received) watch.note(entry(n))
    await watch.finish()
    return watch.take()
  }

  it('says nothing when all is there, and how many are missing when not', async () => {
    expect(await watched([1, 2, 3], { count: 2, whole: true })).toEqual([])
    expect(await watched([1, 2, 9], { count: 7, whole: true })).toMatchObject([{ stream: 'gap', entries: 5 }])
  })

  it('says that some may be missing when the log no longer tells', async () => {
    const [gap] = await watched([1, 2, 3], { count: 1, whole: false })
    expect(gap).toMatchObject({ stream: 'gap', time: new Date(stamp(1)), until: new Date(stamp(3)) })
    expect(gap?.entries).toBeUndefined()
    expect(await watched([1, 2, 3], { count: 2, whole: false })).toEqual([])
  })
})
