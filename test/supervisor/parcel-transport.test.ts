import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { encodeParcel, parcelKind, ParcelReader, type Parcel } from '../../src/supervisor/parcel.js'
import { ParcelTransport } from '../../src/supervisor/parcel-transport.js'
import { Peer } from './peer.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A transport that is open, the stream that others share with it, and what both have said. */
function opened() {
  const shared = new Peer()
  const transport = new ParcelTransport(shared)
  const told: string[] = []
  transport.open({
    data: (bytes) => void told.push(Buffer.from(bytes).toString()),
    end: (error) => void told.push(error?.message ?? 'end'),
  })
  const heard = (): Parcel[] => {
    const found: Parcel[] = []
    new ParcelReader((parcel) => found.push(parcel)).push(Buffer.concat(shared.writes))
    return found
  }
  const [{ stream }] = heard() as [Parcel]
  const say = (kind: number, offset: number, text = '', to = stream) =>
    shared.say(encodeParcel({ kind, stream: to, offset, payload: Buffer.from(text) }))
  return { shared, transport, told, heard, say }
}

const kinds = (parcels: Parcel[]) => parcels.map(({ kind }) => kind)

test('opens a stream, says where in it each piece is, and gives signs of life', () => {
  const { transport, heard } = opened()
  transport.write([Buffer.from('ab'), Buffer.from('c')])
  transport.write([Buffer.alloc(5000, 'x')])
  const pieces = heard().slice(1)
  expect(pieces.map(({ kind, offset, payload }) => [kind, offset, payload.length])).toEqual([
    [2, 0, 3],
    [2, 3, 4072],
    [2, 4075, 928],
  ])
  vi.advanceTimersByTime(350)
  expect(kinds(heard().slice(4))).toEqual([parcelKind.alive, parcelKind.alive, parcelKind.alive])
})

test('hears what is said on its own stream only', () => {
  const { told, say } = opened()
  say(parcelKind.data, 0, 'mine')
  say(parcelKind.data, 0, 'not mine', Buffer.from('another.'))
  say(parcelKind.close, 0, '', Buffer.from('another.'))
  say(parcelKind.data, 4, 'more')
  expect(told).toEqual(['mine', 'more'])
})

test('a piece that is missing ends it', () => {
  const { told, say } = opened()
  say(parcelKind.data, 0, 'mine')
  say(parcelKind.data, 5, 'more')
  say(parcelKind.data, 4, 'too late')
  expect(told).toEqual(['mine', expect.stringContaining('a piece of the stream is missing')])
})

test('the end of its stream, or of the shared one, is its end, once', () => {
  const mine = opened()
  mine.say(parcelKind.close, 0)
  mine.shared.hangUp()
  expect(mine.told).toEqual(['end'])
  expect(mine.shared.destroyed).toBe(true)
  const theirs = opened()
  theirs.shared.hangUp(new Error('cut'))
  expect(theirs.told).toEqual(['cut'])
})

test('given up, it says so and is silent from then on', () => {
  const { shared, transport, told, heard } = opened()
  transport.destroy()
  transport.destroy()
  vi.advanceTimersByTime(5000)
  expect(kinds(heard())).toEqual([parcelKind.open, parcelKind.close])
  expect([shared.destroyed, told]).toEqual([true, []])
})

test('ended, it waits for the peer, but not for ever', () => {
  const { shared, transport, told, say } = opened()
  transport.end()
  say(parcelKind.data, 0, 'last words')
  vi.advanceTimersByTime(900)
  expect([shared.destroyed, told]).toEqual([false, ['last words']])
  vi.advanceTimersByTime(200)
  expect(shared.destroyed).toBe(true)
})
