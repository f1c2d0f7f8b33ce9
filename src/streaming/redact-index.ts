/** What is looked for, and what stands for it. */
export interface Pattern {
  readonly bytes: Buffer
  readonly name: string
  /** It also stands where the text has ends of lines in it, behind its first {@link FIRST_BLOCKS} bytes. */
  readonly mayBreak?: boolean
}

/** A pattern that stands in a text. */
interface Occurrence {
  readonly start: number
  readonly end: number
  readonly name: string
}

export interface Findings {
  /** Each place where a pattern stands, by start, then by end. They may overlap. */
  readonly occurrences: Occurrence[]
  /** The first place from which the text to its end is the beginning of a pattern; the text's length if none is. */
  heldFrom: number
  /** Up to where less than half of any such pattern would be seen. */
  releasableTo: number
}

const MAX_STRIDE = 24
const SHORT_BLOCK = 3
const LONG_BLOCK = 4
/** From this length of the shortest pattern on, blocks of four bytes: fewer of them are met by chance. */
const LONG_FROM = 10
/** So much of a pattern is what it is found by. */
export const FIRST_BLOCKS = MAX_STRIDE + LONG_BLOCK - 1
const MIN_BITS = 12
const MAX_BITS = 20

/**
 * Finds any of many patterns without looking at each byte. With all patterns at least `stride + block - 1` bytes long,
 * each occurrence has one of its first `stride` blocks at a multiple of `stride`; so only those places of the text are
 * looked up, in a table of all such blocks. The step is constant on purpose: one that depends on what was found (as in
 * Wu and Manber's) makes each look-up wait for the one before it.
 */
export class PatternIndex {
  /** The most bytes that an occurrence has. */
  readonly longest: number
  readonly #patterns: readonly Pattern[]
  readonly #block: number
  readonly #stride: number
  /** Of four bytes, those that are the block. */
  readonly #mask: number
  readonly #shift: number
  readonly #headShift: number
  /** A bit for each hash that a block has. */
  readonly #filter: Int32Array
  /** By the upper bits of the hash: its first entry (0: none). By entry: the next, its pattern, where its block ends. */
  readonly #heads: Int32Array
  readonly #next: Int32Array
  readonly #owners: Int32Array
  readonly #offsets: Uint8Array
  /** The first byte of any pattern, and the patterns by their first two. */
  readonly #firsts = new Uint8Array(256)
  readonly #starts = new Map<number, Pattern[]>()

  /** No pattern may be shorter than 6 bytes, nor twice among them. */
  constructor(patterns: readonly Pattern[]) {
    this.#patterns = patterns
    const lengths = patterns.map(({ bytes }) => bytes.length)
    const most = patterns.map(({ bytes, mayBreak }) => bytes.length * (mayBreak ? 3 : 1))
    this.longest = most.reduce((longest, length) => Math.max(longest, length), 0)
    const shortest = lengths.reduce((least, length) => Math.min(least, length), Infinity)
    this.#block = shortest < LONG_FROM ? SHORT_BLOCK : LONG_BLOCK
    this.#mask = this.#block === LONG_BLOCK ? -1 : ~0xff
    this.#stride = Math.min(MAX_STRIDE, shortest - this.#block + 1)
    const entries = patterns.length * this.#stride
    const bits = Math.min(MAX_BITS, Math.max(MIN_BITS, Math.ceil(Math.log2(entries * 32))))
    const headBits = Math.min(bits, Math.ceil(Math.log2(entries)) + 1)
    this.#shift = 32 - bits
    this.#headShift = bits - headBits
    this.#filter = new Int32Array(2 ** (bits - 5))
    this.#heads = new Int32Array(2 ** headBits)
    this.#next = new Int32Array(entries + 1)
    this.#owners = new Int32Array(entries + 1)
    this.#offsets = new Uint8Array(entries + 1)
    this.#fill()
  }

  #fill(): void {
    let entry = 1
    for (const [owner, pattern] of this.#patterns.entries()) {
      const { bytes } = pattern
      const start = bytes.readUInt16LE(0)
      this.#firsts[bytes[0] as number] = 1
      const sameStart = this.#starts.get(start)
      if (sameStart === undefined) this.#starts.set(start, [pattern])
      else sameStart.push(pattern)
      for (let at = this.#block - 1; at < this.#stride + this.#block - 1; at++, entry++) {
        // A short block may be the first in its pattern, with no byte before it to read.
        const word = at === 2 ? bytes.readInt32LE(0) << 8 : bytes.readInt32LE(at - 3)
        const hash = hashOf(word & this.#mask, this.#shift)
        const head = hash >>> this.#headShift
        this.#filter[hash >>> 5] = (this.#filter[hash >>> 5] as number) | (1 << hash)
        this.#next[entry] = this.#heads[head] as number
        this.#heads[head] = entry
        this.#owners[entry] = owner
        this.#offsets[entry] = at
      }
    }
  }

  /** Looks for occurrences that begin at `from` or later. */
  scan(text: Buffer, from: number): Findings {
    const findings: Findings = { occurrences: [], heldFrom: text.length, releasableTo: text.length }
    const { occurrences } = findings
    const view = new DataView(text.buffer, text.byteOffset, text.length)
    const reach = this.#stride + this.#block - 2
    let at = this.#nextHit(view, from + reach)
    while (at < text.length) {
      // Nearly all are met by chance: in a pattern, the block before or after this one is known too.
      if (this.#isKnown(view, at - 1) || this.#isKnown(view, at + 1)) this.#examine(text, view, at, findings)
      at = this.#nextHit(view, at + this.#stride)
    }
    for (let start = Math.max(from, at - reach); start < text.length; start++) {
      if (this.#firsts[text[start] as number] === 1) this.#examineEnd(text, start, findings)
    }
    if (occurrences.length > 1) occurrences.sort((a, b) => a.start - b.start || a.end - b.end)
    return findings
  }

  /** The next place to look at whose block is known, else the first beyond the end. */
  #nextHit(view: DataView, from: number): number {
    const filter = this.#filter
    const stride = this.#stride
    const shift = this.#shift
    const mask = this.#mask
    const end = view.byteLength
    let at = from
    while (at < end) {
      const hash = hashOf(view.getInt32(at - 3, true) & mask, shift)
      if ((((filter[hash >>> 5] as number) >>> hash) & 1) !== 0) return at
      at += stride
    }
    return at
  }

  /** Whether any pattern has the block that ends there; true where it is not in the text. */
  #isKnown(view: DataView, at: number): boolean {
    if (at < 3 || at >= view.byteLength) return true
    const hash = hashOf(view.getInt32(at - 3, true) & this.#mask, this.#shift)
    return (((this.#filter[hash >>> 5] as number) >>> hash) & 1) !== 0
  }

  #examine(text: Buffer, view: DataView, at: number, findings: Findings): void {
    const hash = hashOf(view.getInt32(at - 3, true) & this.#mask, this.#shift)
    let entry = this.#heads[hash >>> this.#headShift] as number
    for (; entry > 0; entry = this.#next[entry] as number) {
      const pattern = this.#patterns[this.#owners[entry] as number] as Pattern
      compare(text, at - (this.#offsets[entry] as number), pattern, findings)
    }
  }

  /** Of the last bytes, where there is no room for an occurrence: whether one begins. */
  #examineEnd(text: Buffer, start: number, findings: Findings): void {
    const left = text.length - start
    if (left === 1) {
      findings.heldFrom = Math.min(findings.heldFrom, start)
      return
    }
    for (const pattern of this.#starts.get(text.readUInt16LE(start)) ?? [])
      compare(text, start, pattern, findings)
  }
}

/** Notes the pattern when it stands at `start`, or as much of it as the text has room for. */
function compare(text: Buffer, start: number, { bytes, name, mayBreak }: Pattern, findings: Findings): void {
  let place = start
  for (let at = 0; at < bytes.length; at++, place++) {
    if (mayBreak === true && at > 0 && text[place] !== bytes[at]) place += lineEndAt(text, place)
    if (place >= text.length) {
      findings.heldFrom = Math.min(findings.heldFrom, start)
      findings.releasableTo = Math.min(findings.releasableTo, start + (bytes.length >> 1))
      return
    }
    if (text[place] !== bytes[at]) return
  }
  findings.occurrences.push({ start, end: place, name })
}

/** How many bytes the end of a line has that stands there; 0: none does. What the text's end cuts is taken for one. */
function lineEndAt(text: Buffer, at: number): number {
  if (text[at] === 10) return 1
  if (text[at] !== 13) return 0
  if (at + 1 === text.length) return 1
  return text[at + 1] === 10 ? 2 : 0
}

function hashOf(block: number, shift: number): number {
  return Math.imul(block, 0x9e3779b1) >>> shift
}
