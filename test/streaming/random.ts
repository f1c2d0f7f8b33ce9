/** A seeded generator, so that a failing case can be had again: the seed is part of the test's name. */
export interface Random {
  /** A whole number from 0 to `below - 1`. */
  below(below: number): number
  pick<T>(values: readonly T[]): T
  bytes(length: number): Buffer
  /** The same bytes in pieces of random sizes, some of them empty. */
  cut(bytes: Uint8Array, largest?: number): Uint8Array[]
}

export const seed = Number(process.env['ANYON_TEST_SEED'] ?? Date.now() % 0x7fffffff)
export const seeded = `(repeat with ANYON_TEST_SEED=${seed})`

/** mulberry32. */
export function createRandom(from = seed): Random {
  let state = from | 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return (t ^ (t >>> 14)) >>> 0
  }
  const below = (limit: number): number => next() % limit
  return {
    below,
    pick: (values) => values[below(values.length)] as (typeof values)[number],
    bytes(length) {
      const bytes = Buffer.alloc(length)
      for (let at = 0; at < length; at++) bytes[at] = next()
      return bytes
    },
    cut(bytes, largest = 40) {
      const pieces: Uint8Array[] = []
      for (let at = 0; at < bytes.length;) {
        const size = below(largest)
        pieces.push(bytes.subarray(at, at + size))
        at += size
      }
      return pieces
    },
  }
}

/** `rounds` generators in a row, each of its own seed. */
export function forEachRandom(rounds: number, run: (random: Random) => void): void {
  for (let round = 0; round < rounds; round++) run(createRandom(seed + round))
}
