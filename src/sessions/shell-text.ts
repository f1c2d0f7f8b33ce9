/** A statement of a shell's own listing, such as `declare -x NAME="value"`: as it was printed, and in its words. */
export interface Statement {
  readonly text: string
  readonly words: readonly string[]
}

/**
 * Takes apart what `declare -p`, `export -p`, `set` and `alias` print, for the shell to read again. Everything is one
 * character a byte, so that no byte is lost that is not UTF-8.
 */
export function readStatements(printed: string): Statement[] {
  const listing = printed.endsWith('\n') ? printed : `${printed}\n`
  const statements: Statement[] = []
  let words: string[] = []
  let begin = 0
  let word = 0
  let depth = 0
  for (let at = 0; at < listing.length;) {
    const character = listing[at]
    const next = character === '(' || character === ')' ? at + 1 : afterPart(listing, at)
    if (character === '(') depth++
    if (character === ')') depth--
    if (depth === 0 && (character === ' ' || character === '\n')) {
      if (at > word) words.push(listing.slice(word, at))
      word = next
      if (character === '\n') {
        if (words.length > 0) statements.push({ text: listing.slice(begin, at), words })
        words = []
        begin = next
      }
    }
    at = next
  }
  return statements
}

/** Where the part that begins at `at` ends: a quoted one, an escaped character, or a single one. */
function afterPart(text: string, at: number): number {
  switch (text[at]) {
    case '\\':
      return at + 2
    case "'":
      return text[at - 1] === '$' ? afterQuote(text, at, "'", true) : afterQuote(text, at, "'", false)
    case '"':
      return afterQuote(text, at, '"', true)
    default:
      return at + 1
  }
}

function afterQuote(text: string, from: number, quote: string, escapes: boolean): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === quote) return at + 1
    if (escapes && text[at] === '\\') at++
  }
  return text.length
}

/** The value that a word stands for, its quotes taken off. */
export function unquote(word: string): string {
  let value = ''
  for (let at = 0; at < word.length;) {
    const ansi = word[at] === '$' && word[at + 1] === "'"
    const begin = ansi ? at + 1 : at
    const next = afterPart(word, begin)
    const part = word.slice(begin, next)
    if (ansi) value += part.slice(1, -1).replace(ansiEscape, ansiCharacter)
    else if (part.startsWith("'")) value += part.slice(1, -1)
    else if (part.startsWith('"')) value += part.slice(1, -1).replace(/\\([$`"\\\n])/g, doubleQuoted)
    else value += part.length > 1 ? part.slice(1) : part
    at = next
  }
  return value
}

const doubleQuoted = (_escape: string, character: string) => (character === '\n' ? '' : character)

const ansiEscape = /\\([0-7]{1,3}|x[0-9a-fA-F]{1,2}|.)/gs
const ansiLetters: Readonly<Record<string, string>> = {
  a: '\x07', b: '\b', e: '\x1b', E: '\x1b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v',
} // prettier-ignore

function ansiCharacter(_escape: string, code: string): string {
  if (/^[0-7]/.test(code)) return String.fromCharCode(parseInt(code, 8))
  if (code.length > 1) return String.fromCharCode(parseInt(code.slice(1), 16))
  return ansiLetters[code] ?? code
}
