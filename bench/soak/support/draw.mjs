/** A function that draws whole numbers below a bound, the same ones for the same seed. */
export function drawing(seed) {
  let state = seed >>> 0 || 1
  return (bound) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % bound
  }
}
