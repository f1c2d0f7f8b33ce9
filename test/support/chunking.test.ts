import { expect, test } from 'vitest'
import { split } from './chunking.js'

const bytes = Buffer.from(Array.from({ length: 1000 }, (_, at) => at & 255))

test.each([
  ['nothing', undefined, [1000]],
  ['halves', 'halved', [500, 500]],
  [
    'single bytes at both ends',
    'bytewise',
    [...Array<number>(200).fill(1), 600, ...Array<number>(200).fill(1)],
  ],
] as const)('a long chunk is cut into %s', (_name, chunking, lengths) => {
  const pieces = split(bytes, chunking)
  expect(pieces.map(({ length }) => length)).toEqual(lengths)
  expect(Buffer.concat(pieces)).toEqual(bytes)
})

test.each([
  [0, 'halved', [0]],
  [1, 'halved', [1]],
  [3, 'halved', [1, 2]],
  [3, 'bytewise', [1, 1, 1]],
  [401, 'bytewise', [...Array<number>(401).fill(1)]],
] as const)('a chunk of %i bytes, %s', (length, chunking, lengths) => {
  expect(split(bytes.subarray(0, length), chunking).map((piece) => piece.length)).toEqual(lengths)
})
