import { dataFrameBytes, headerBytes } from './protocol.js'

/** What is kept for the next ones: 2 MiB. */
const mostSpare = 32

const spare: Buffer[] = []
const inUse = new WeakSet<ArrayBufferLike>()

/** Memory for one DATA frame. New memory for each of a fast stream's costs the garbage collector more than copying. */
export function takeSlab(): Buffer {
  const slab = spare.pop() ?? Buffer.allocUnsafeSlow(headerBytes + dataFrameBytes)
  inUse.add(slab.buffer)
  return slab
}

/** `piece` will not be read again by anybody. Where it lies in no slab, or in one that was given back, it stays as it is. */
export function giveBack(piece: Uint8Array): void {
  if (inUse.delete(piece.buffer) && spare.length < mostSpare) spare.push(Buffer.from(piece.buffer))
}
