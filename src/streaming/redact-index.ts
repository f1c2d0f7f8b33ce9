/** What is looked for, and what stands for it. */
export interface Pattern {
  readonly bytes: Buffer
  readonly name: string
}

/** A pattern that stands in a text. */
export interface Occurrence {
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

const BLOCK_BYTES = 3
const MAX_STRIDE = 24
const MIN_BITS = 12
const MAX_BITS = 18

/**
 * Finds any of many patterns without looking at each byte. With all patterns at least `stride + 2` bytes long, each
 * occurrence has one of its first `stride` blocks of three bytes at a multiple of `stride`; so only those places of
 * the text are looked up, in a table of all such blocks. The step is constant on purpose: one that depends on what was
 * found (as in Wu and Manber's) makes each look-up wait for the one before it.
 */
export class PatternIndex {
  readonly longest: number
  readonly #patterns: readonly Pattern[]
  readonly #stride: number
  readonly #shift: number
  /** By hash of a block: whether any pattern has it, and the first of its entries (0: none). */
  readonly #filter: Uint8Array
  readonly #heads: Int32Array
  /** By entry: the next with the same hash, the pattern, and where in the pattern the block ends. */
  readonly #next: Int32Array
  readonly #owners: Int32Array
  readonly #offsets: Uint8Array
  /** The beginnings that are too short to be a block: of one byte and of two. */
  readonly #firsts = new Uint8Array(256)
  readonly #pairs = new Uint8Array(65536)

  /** No pattern may be shorter than 4 bytes, nor twice among them. */
  constructor(patterns: readonly Pattern[]) {
    // The shortest comes last into the chains, and so first out of them.
    this.#patterns = [...patterns].sort((a, b) => b.bytes.length - a.bytes.length)
    this.longest = this.#patterns[0]?.bytes.length ?? 0
    const shortest = this.#patterns.at(-1)?.bytes.length ?? 0
    this.#stride = Math.min(MAX_STRIDE, shortest - BLOCK_BYTES + 1)
    const entries = this.#patterns.length * this.#stride
    const bits = Math.min(MAX_BITS, Math.max(MIN_BITS, Math.ceil(Math.log2(entries * 16))))
    this.#shift = 32 - bits
    this.#filter = new Uint8Array(2 ** bits)
    this.#heads = new Int32Array(2 ** bits)
    this.#next = new Int32Array(entries + 1)
    this.#owners = new Int32Array(entries + 1)
    this.#offsets = new Uint8Array(entries + 1)
    this.#fill()
  }

  #fill(): void {
    let entry = 1
    for (const [owner, { bytes }] of this.#patterns.entries()) {
      this.#firsts[bytes[0] as number] = 1
      this.#pairs[bytes.readUInt16LE(0)] = 1
      for (let at = BLOCK_BYTES - 1; at < this.#stride + BLOCK_BYTES - 1; at++, entry++) {
        const hash = hashOf(bytes, at, this.#shift)
        this.#filter[hash] = 1
        this.#next[entry] = this.#heads[hash] as number
        this.#heads[hash] = entry
        this.#owners[entry] = owner
        this.#offsets[entry] = at
      }
    }
  }

  /** Looks for occurrences that begin at `from` or later. */
  scan(text: Buffer, from: number): Findings {
    const findings: Findings = { occurrences: [], heldFrom: text.length, releasableTo: text.length }
    const reach = this.#stride + BLOCK_BYTES - 2
    let at = this.#nextHit(text, from + reach)
    while (at < text.length) {
      this.#examine(text, at, findings)
      at = this.#nextHit(text, at + this.#stride)
    }
    for (let start = Math.max(from, at - reach); start < text.length; start++)
      this.#examineEnd(text, start, findings)
    findings.occurrences.sort((a, b) => a.start - b.start || a.end - b.end)
    return findings
  }

  /** The next place to look at whose block is known, else the first beyond the end. */
  #nextHit(text: Buffer, from: number): number {
    const filter = this.#filter
    const stride = this.#stride
    const shift = this.#shift
    const end = text.length
    let at = from
    while (at < end && filter[hashOf(text, at, shift)] === 0) at += stride
    return at
  }

  #examine(text: Buffer, at: number, findings: Findings): void {
    for (
      let entry = this.#heads[hashOf(text, at, this.#shift)] as number;
      entry > 0;
      entry = this.#next[entry] as number
    ) {
      this.#compare(text, at - (this.#offsets[entry] as number), entry, findings)
    }
  }

  /** Of the last bytes, where there is no room for an occurrence: whether one begins. */
  #examineEnd(text: Buffer, start: number, findings: Findings): void {
    const left = text.length - start
    if (
      left === 1 ? this.#firsts[text[start] as number] : left === 2 && this.#pairs[text.readUInt16LE(start)]
    ) {
      findings.heldFrom = Math.min(findings.heldFrom, start)
    }
    if (left < BLOCK_BYTES) return
    const at = start + BLOCK_BYTES - 1
    for (
      let entry = this.#heads[hashOf(text, at, this.#shift)] as number;
      entry > 0;
      entry = this.#next[entry] as number
    ) {
      if (this.#offsets[entry] === BLOCK_BYTES - 1) this.#compare(text, start, entry, findings)
    }
  }

  #compare(text: Buffer, start: number, entry: number, findings: Findings): void {
    const { bytes, name } = this.#patterns[this.#owners[entry] as number] as Pattern
    const size = Math.min(bytes.length, text.length - start)
    for (let at = 0; at < size; at++) if (text[start + at] !== bytes[at]) return
    if (size === bytes.length) {
      findings.occurrences.push({ start, end: start + size, name })
    } else {
      findings.heldFrom = Math.min(findings.heldFrom, start)
      findings.releasableTo = Math.min(findings.releasableTo, start + (bytes.length >> 1))
    }
  }
}

/** Of the three bytes that end at `at`. */
function hashOf(bytes: Uint8Array, at: number, shift: number): number {
  const block = (bytes[at] as number) | ((bytes[at - 1] as number) << 8) | ((bytes[at - 2] as number) << 16)
  return Math.imul(block, 0x9e3779b1) >>> shift
}
