import { expect, test } from 'vitest'
import {
  encodeParcel,
  maxParcelPayload,
  parcelKind,
  ParcelReader,
  type Parcel,
} from '../../src/supervisor/parcel.js'

const stream = Buffer.from('12345678')
const parcel = (text: string, offset = 0) =>
  encodeParcel({ kind: parcelKind.data, stream, offset, payload: Buffer.from(text) })

/** What a reader finds in the pieces, in short. */
function read(...pieces: Uint8Array[]): string[] {
  const found: string[] = []
  const reader = new ParcelReader(({ kind, stream, offset, payload }: Parcel) => {
    found.push([kind, stream.toString(), offset, Buffer.from(payload).toString('latin1')].join(' '))
  })
  for (const piece of pieces) reader.push(Buffer.from(piece))
  return found
}

test('is what the protocol says, byte for byte', () => {
  // Made apart from the library, with another implementation of CRC-32.
  expect(parcel('hello', 0x01020304).toString('hex')).toBe(
    'f5616e79' + '02' + '00' + '0500' + '04030201' + '3132333435363738' + '88a748aa' + '68656c6c6f',
  )
})

test('is found wherever it is cut', () => {
  const bytes = Buffer.concat([parcel('one'), parcel('', 3), parcel('two', 3)])
  const whole = ['2 12345678 0 one', '2 12345678 3 ', '2 12345678 3 two']
  for (let cut = 0; cut <= bytes.length; cut++) {
    expect(read(bytes.subarray(0, cut), bytes.subarray(cut))).toEqual(whole)
  }
  expect(read(...Array.from(bytes, (byte) => Buffer.from([byte])))).toEqual(whole)
})

test.each([
  ['text', Buffer.from('ls -l\n')],
  ['the beginning of another', parcel('torn').subarray(0, 20)],
  ['one that was torn in its payload', parcel('x'.repeat(50)).subarray(0, 40)],
  ['one with a byte that is another', Buffer.from(parcel('wrong').map((byte, at) => (at === 26 ? 0 : byte)))],
  ['the beginning of the beginning', Buffer.from([0xf5, 0x61, 0xf5])],
  ['an impossible length', Buffer.from([0xf5, 0x61, 0x6e, 0x79, 2, 0, 0xff, 0xff, ...Buffer.alloc(20)])],
])('is found behind %s', (_what, noise) => {
  // A torn one may need as many bytes more as it had announced.
  const found = read(Buffer.concat([noise, parcel('fine'), parcel('x'.repeat(100), 4)]))
  expect(found[0]).toBe('2 12345678 0 fine')
})

test('the longest one is what a pipe takes whole', () => {
  expect(parcel('x'.repeat(maxParcelPayload))).toHaveLength(4096)
})
