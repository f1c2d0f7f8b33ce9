/** How a proxy cuts up what it passes on. */
export type Chunking = 'halved' | 'bytewise'

/** Of a chunk that goes byte by byte, so many at its start and at its end do; a gigabyte would take hours. */
const singleBytes = 200

/** The same bytes in pieces, none of them empty. */
export function split(chunk: Buffer, chunking: Chunking | undefined): Buffer[] {
  if (chunking === undefined || chunk.length < 2) return [chunk]
  if (chunking === 'halved') return [chunk.subarray(0, chunk.length >> 1), chunk.subarray(chunk.length >> 1)]
  const single = (bytes: Buffer) => Array.from(bytes, (_, at) => bytes.subarray(at, at + 1))
  if (chunk.length <= 2 * singleBytes) return single(chunk)
  return [
    ...single(chunk.subarray(0, singleBytes)),
    chunk.subarray(singleBytes, -singleBytes),
    ...single(chunk.subarray(-singleBytes)),
  ]
}
