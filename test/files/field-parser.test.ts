import { expect, test } from 'vitest'
import { FieldParser } from '../../src/files/field-parser.js'
import { RecordWriter } from '../../src/supervisor/record.js'

test('takes fields out of pieces of any size', () => {
  const bytes = new RecordWriter().text(1, 'name').text(2, '').bytes(4, Buffer.alloc(300, 7)).finish()
  for (let size = 1; size <= bytes.length; size++) {
    const parser = new FieldParser()
    const fields = []
    for (let at = 0; at < bytes.length; at += size) fields.push(...parser.push(bytes.subarray(at, at + size)))
    parser.end()
    expect(fields.map(({ tag, value }) => [tag, value.toString('latin1').length])).toEqual([
      [1, 4],
      [2, 0],
      [4, 300],
    ])
  }
})

test('an end in the middle of a field is an error', () => {
  const parser = new FieldParser()
  parser.push(new RecordWriter().text(1, 'name').finish().subarray(0, 8))
  expect(() => parser.end()).toThrow(expect.objectContaining({ code: 'STREAM_INVALID' }))
})
