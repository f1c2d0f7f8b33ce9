import { expect, test } from 'vitest'
import { RecordReader, RecordWriter } from '../../src/supervisor/record.js'
import { fields, record, u32, u64 } from './peer.js'

test('writes fields that another codec reads', () => {
  const payload = new RecordWriter()
    .text(1, 'é\n')
    .text(1, '')
    .u32(5, 0xffff_ffff)
    .u64(6, 2 ** 40)
    .finish()
  expect(fields(payload)).toEqual(
    new Map([
      [1, [Buffer.from('é\n'), Buffer.alloc(0)]],
      [5, [u32(0xffff_ffff)]],
      [6, [u64(2 ** 40)]],
    ]),
  )
})

test('reads fields, repeated ones, and skips what it does not know', () => {
  const reader = new RecordReader(record([99, 'future'], [1, u32(3)], [1, u32(4)], [2, u64(5)], [3, 'text']))
  expect(reader.u32s(1)).toEqual([3, 4])
  expect(reader.u32(1)).toBe(3)
  expect(reader.u64(2)).toBe(5n)
  expect(reader.text(3)).toBe('text')
  expect(reader.u32(77)).toBeUndefined()
})

test('refuses a record cut at any byte, unless it is cut between fields', () => {
  const payload = record([1, 'abc'], [2, u32(1)])
  for (let cut = 1; cut < payload.length; cut++) {
    const read = () => new RecordReader(payload.subarray(0, cut))
    if (cut === 9) expect(read().text(1)).toBe('abc')
    else expect(read, `after ${cut} bytes`).toThrow(expect.objectContaining({ code: 'SUPERVISOR_PROTOCOL' }))
  }
})

test('refuses a number of the wrong size', () => {
  expect(() => new RecordReader(record([1, 'abc'])).u32(1)).toThrow('field 1 has 3 bytes instead of 4')
})
