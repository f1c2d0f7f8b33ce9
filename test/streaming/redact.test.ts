import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { redactText } from '../../src/streaming/redact-text.js'
import { RedactionPatterns } from '../../src/streaming/redact-patterns.js'
import { createRedactor } from '../../src/streaming/redact.js'
import { createRandom, forEachRandom, seeded, type Random } from './random.js'

type Values = Readonly<Record<string, string | Uint8Array>>

function patternsOf(values: Values): RedactionPatterns {
  const patterns = new RedactionPatterns()
  for (const [name, value] of Object.entries(values)) patterns.add(name, Buffer.from(value as string))
  return patterns
}

function open(patterns: RedactionPatterns) {
  const pieces: Uint8Array[] = []
  const redactor = createRedactor({ patterns, onBytes: (bytes) => pieces.push(bytes) })
  return { redactor, pieces, shown: () => Buffer.concat(pieces).toString('latin1') }
}

function redact(patterns: RedactionPatterns, chunks: readonly Uint8Array[]): string {
  const { redactor, pieces, shown } = open(patterns)
  for (const chunk of chunks) {
    const own = Buffer.from(chunk)
    const before = pieces.length
    redactor.push(own)
    for (let at = before; at < pieces.length; at++) pieces[at] = Buffer.from(pieces[at] as Uint8Array)
    own.fill(0) // what is held must not be the caller's memory
  }
  redactor.end()
  expect(redactor.heldBytes).toBe(0)
  for (const piece of pieces) expect(piece.length).toBeGreaterThan(0)
  return shown()
}

/** Looks at each place for each form: what the redactor must come to. */
function naive(text: string, forms: ReadonlyMap<string, string>): string {
  const sorted = [...forms].sort(([a], [b]) => a.length - b.length)
  let shown = ''
  let end = 0
  for (let at = 0; at < text.length; at++) {
    const found = sorted.filter(([form]) => text.startsWith(form, at))
    const [first] = found
    if (first !== undefined && at >= end) shown += `[secret ${first[1]}]`
    end = Math.max(end, ...found.map(([form]) => at + form.length))
    if (at >= end) shown += text[at]
  }
  return shown
}

const bytesOf = (text: string) => Buffer.from(text, 'latin1')

describe('createRedactor', () => {
  const values = { ann: 'ghp_0123456789', bob: 'ghp_01ab/+ef', short: 'x9y8z7' }
  const patterns = patternsOf(values)
  const forms = new Map(Object.entries(values).map(([name, value]) => [value, name]))
  const text =
    'a ghp_0123456789 b ghp_0123 ghp_01ab/+ef\nx9y8z7x9y8z7 ghp_01ghp_0123456789x9y8z x9y8z7ghp_012345678'

  it('gives the same for every place that the text is cut in two, and byte by byte', () => {
    const expected = naive(text, forms)
    expect(expected).toContain(
      '[secret short][secret short] ghp_01[secret ann]x9y8z [secret short]ghp_012345678',
    )
    const bytes = bytesOf(text)
    for (let at = 0; at <= bytes.length; at++) {
      expect(redact(patterns, [bytes.subarray(0, at), bytes.subarray(at)])).toBe(expected)
    }
    for (let size = 1; size < 30; size++) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
        bytes.subarray(n * size, (n + 1) * size),
      )
      expect(redact(patterns, chunks)).toBe(expected)
    }
  })

  // A small alphabet, so that values repeat, overlap and contain each other; base64 of it does not occur by chance.
  const word = (random: Random, letters: string, length: number) =>
    Array.from({ length }, () => letters[random.below(letters.length)]).join('')

  it(`agrees with a naive model on random values in random pieces ${seeded}`, () => {
    forEachRandom(400, (random) => {
      const letters = random.pick(['ab', 'abc', 'abcdefgh'])
      const some = Array.from({ length: 1 + random.below(6) }, (_, n): [string, string] => [
        word(random, letters, 6 + random.below(random.pick([3, 12, 60]))),
        `n${n}`,
      ])
      const known = new Map<string, string>()
      const own = new RedactionPatterns()
      for (const [value, name] of some) {
        if (!known.has(value)) known.set(value, name)
        own.add(name, Buffer.from(value))
      }
      const parts = Array.from({ length: random.below(30) }, () => {
        const [value] = random.pick(some)
        return random.pick([
          value,
          value.slice(0, random.below(value.length)),
          word(random, letters, random.below(20)),
          ' ',
        ])
      })
      const whole = bytesOf(parts.join(''))
      expect(redact(own, random.cut(whole, random.pick([2, 8, 300])))).toBe(naive(parts.join(''), known))
    })
  })

  it(`changes no byte of random ones, whatever they are cut into ${seeded}`, () => {
    const random = createRandom()
    const bytes = random.bytes(300_000)
    expect(redact(patterns, random.cut(bytes, 70_000))).toBe(bytes.toString('latin1'))
  })

  it('finds each of 300 values in a large text, at once and across chunks', () => {
    const random = createRandom(7)
    const many = Object.fromEntries(
      Array.from({ length: 300 }, (_, n) => [`n${n}`, word(random, 'ABCDEFGHIJKLMNOP', 30)]),
    )
    const all = patternsOf(many)
    const lines = Object.values(many).map((value, n) => `${'line of text '.repeat(n % 50)}${value}\n`)
    const expected = Object.keys(many).map((name, n) => `${'line of text '.repeat(n % 50)}[secret ${name}]\n`)
    expect(redact(all, [bytesOf(lines.join(''))])).toBe(expected.join(''))
    expect(redact(all, random.cut(bytesOf(lines.join('')), 1000))).toBe(expected.join(''))
  })

  it('passes chunks themselves when there is nothing to look for, and parts of them when there is', () => {
    const chunk = Buffer.from('plain text, no secret in it.')
    const without = open(new RedactionPatterns())
    without.redactor.push(chunk)
    expect(without.pieces[0]).toBe(chunk)
    const { redactor, pieces } = open(patterns)
    redactor.push(chunk)
    expect(pieces.map(({ buffer, byteOffset }) => [buffer, byteOffset])).toEqual([
      [chunk.buffer, chunk.byteOffset],
    ])
  })

  it('masks as one what overlaps', () => {
    const own = patternsOf({ one: 'abcdefgh', two: 'efghijkl', inner: 'cdefgh' })
    expect(redact(own, [bytesOf('<abcdefghijkl><efghijkl>')])).toBe('<[secret one]><[secret two]>')
  })

  it('takes a value that is added while it runs, from what is held on', () => {
    const own = patternsOf({ old: 'first-value' })
    const { redactor, shown } = open(own)
    redactor.push(bytesOf('second-value first-'))
    own.add('new', Buffer.from('second-value'))
    redactor.push(bytesOf('value second-'))
    redactor.push(bytesOf('value first-value'))
    redactor.end()
    expect(shown()).toBe('second-value [secret old] [secret new] [secret old]')
  })

  it.each<[string, string | Uint8Array]>([
    ['5 bytes', 'abcde'],
    ['5 bytes and a line end', 'abcde\r\n'],
    ['short lines alone', 'abc\ndefgh\nij'],
    ['5 bytes that are no text', Buffer.from([255, 254, 253, 252, 251])],
  ])('refuses a value of %s without showing it', (_, value) => {
    const add = () => patternsOf({ 'github/ann': value })
    expect(add).toThrow(expect.objectContaining({ code: 'SECRET_INVALID' }))
    expect(add).toThrow('"github/ann"')
    expect(add).not.toThrow('abc')
  })
})

describe('what is held back', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())
  const patterns = patternsOf({ token: '0123456789abcdef' })

  it('is only the beginning of a secret', () => {
    const { redactor, shown } = open(patterns)
    redactor.push(bytesOf('Password: '))
    expect(shown()).toBe('Password: ')
    redactor.push(bytesOf('at 0123'))
    expect([shown(), redactor.heldBytes]).toEqual(['Password: at ', 4])
    redactor.push(bytesOf('.'))
    expect([shown(), redactor.heldBytes]).toEqual(['Password: at 0123.', 0])
    redactor.push(bytesOf('0123456789abcdef'))
    expect([shown(), redactor.heldBytes]).toEqual(['Password: at 0123.[secret token]', 0])
  })

  it('comes after a pause, and the rest of the secret is masked if it comes after all', () => {
    const { redactor, shown } = open(patterns)
    redactor.push(bytesOf('> 0123'))
    vi.advanceTimersByTime(49)
    expect(shown()).toBe('> ')
    vi.advanceTimersByTime(1)
    expect([shown(), redactor.heldBytes]).toEqual(['> 0123', 0])
    redactor.push(bytesOf('456'))
    vi.advanceTimersByTime(50)
    expect(shown()).toBe('> 0123456')
    redactor.push(bytesOf('789abcdef!'))
    expect(shown()).toBe('> 0123456[secret token]!')
    redactor.push(bytesOf('01'))
    vi.advanceTimersByTime(50)
    redactor.push(bytesOf(' 0'))
    redactor.end()
    expect(shown()).toBe('> 0123456[secret token]!01 0')
  })

  it('never shows more than half of a secret by a pause, however slowly it is printed', () => {
    const { redactor, shown } = open(patterns)
    for (const character of '0123456789abcde') {
      redactor.push(bytesOf(character))
      vi.advanceTimersByTime(1000)
    }
    expect([shown(), redactor.heldBytes]).toEqual(['01234567', 7])
    redactor.push(bytesOf('f0123456789abcdef'))
    expect(shown()).toBe('01234567[secret token][secret token]')
  })

  it('shows no secret that is in it', () => {
    const own = patternsOf({ outer: 'ab 012345 and 40 characters more, or so it is', inner: '012345' })
    const { redactor, shown } = open(own)
    redactor.push(bytesOf('ab 012345 a'))
    vi.advanceTimersByTime(50)
    expect(shown()).toBe('ab ')
    redactor.push(bytesOf('t'))
    expect(shown()).toBe('ab [secret inner] at')
  })

  it('is at its end when the stream is', () => {
    const { redactor, shown } = open(patterns)
    redactor.push(bytesOf('0123456789abcde'))
    redactor.end()
    expect(shown()).toBe('0123456789abcde')
    redactor.push(bytesOf('f'))
    expect(shown()).toBe('0123456789abcdef')
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('the forms of a value', () => {
  const value = `it's "a" $ecret/with+all\\kinds <of> & ünï😀`
  const patterns = patternsOf({ s: value })
  const json = JSON.stringify(value)
  const python = json.replace(
    /[\u007f-\uffff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

  it.each<[string, string]>([
    ['plain', value],
    ['JSON', json],
    ['JSON in ASCII', python],
    ['JSON with slashes escaped', json.replaceAll('/', '\\/')],
    ['JSON for HTML', json.replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`)],
    ['JSON in JSON', JSON.stringify(JSON.stringify({ value }))],
    ['a URL component', encodeURIComponent(value)],
    ['a URL', encodeURI(value)],
    ['a form', new URLSearchParams({ value }).toString()],
    ['a URL in lower case', encodeURIComponent(value).replace(/%../g, (escape) => escape.toLowerCase())],
    ['single quotes', `'${value.replaceAll("'", "'\\''")}'`],
    ['single quotes with double ones', `'${value.replaceAll("'", `'"'"'`)}'`],
    ['double quotes', `"${value.replace(/["\\$`]/g, '\\$&')}"`],
    ['backslashes', value.replace(/[^A-Za-z0-9_/+\u0080-\uffff]/g, '\\$&')],
    ['a C string', `$'${value.replace(/['\\]/g, '\\$&')}'`],
  ])('%s is masked', (_, form) => {
    const shown = redactText(`before ${form} after`, patterns)
    expect(shown).toContain('[secret s]')
    expect(shown).not.toContain('ecret/')
    expect(shown).not.toMatch(/kinds|with/)
  })

  it('keeps JSON valid', () => {
    const shown = redactText(JSON.stringify({ value, other: 1 }), patterns)
    expect(JSON.parse(shown)).toEqual({ value: '[secret s]', other: 1 })
  })

  it(`base64 at any place of a longer text, both alphabets, padded or not ${seeded}`, () => {
    forEachRandom(200, (random) => {
      const secret = Buffer.concat([random.bytes(5 + random.below(60)), Buffer.of(255)])
      const own = patternsOf({ s: secret })
      for (let before = 0; before < 6; before++) {
        const longer = Buffer.concat([random.bytes(before), secret, random.bytes(random.below(5))])
        for (const encoded of [longer.toString('base64'), longer.toString('base64url')]) {
          const shown = redactText(encoded, own)
          const rest = shown.replace('[secret s]', '')
          expect(shown).toContain('[secret s]')
          // At most one character at either end shares bits with its neighbour.
          const around = longer.length - secret.length
          expect(rest.replaceAll('=', '').length).toBeLessThanOrEqual(Math.ceil((around * 8) / 6) + 2)
        }
      }
    })
  })

  it('base64 of a file that holds it as JSON or for a shell', () => {
    const value = 'it\'s "odd" \\ in many ways'
    const own = patternsOf({ value })
    for (const file of [JSON.stringify({ a: value, b: 1 }), `A='${value.replaceAll("'", "'\\''")}'\nB=1\n`]) {
      const left = redactText(Buffer.from(file).toString('base64'), own).split('[secret value]')
      expect(left).toHaveLength(2)
      expect(left.join('').length).toBeLessThan(((file.length - value.length) * 4) / 3 + 4)
    }
  })

  it.each([
    [76, '\n'],
    [76, '\r\n'],
    [64, '\n'],
    [64, '\r\n'],
  ])(
    'base64 of a longer text in lines of %i characters that end with %j, wherever it is broken',
    (columns, end) => {
      const token = 'ghp_0123456789abcdefABCDEF/+~?0123456789'
      for (const value of [token.slice(0, 8), token, token.repeat(7)]) {
        const own = patternsOf({ value })
        for (let before = 0; before < 60; before++) {
          const text = `${'.'.repeat(before)}${value}${'.'.repeat(70)}`
          const broken =
            Buffer.from(text)
              .toString('base64')
              .match(new RegExp(`.{1,${columns}}`, 'g')) ?? []
          const bytes = Buffer.from(broken.join(end))
          const shown = redact(own, [bytes])
          const pieces = [1, 5].map((size) => Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) => bytes.subarray(n * size, (n + 1) * size))) // prettier-ignore
          if (before % 10 === 0) for (const chunks of pieces) expect(redact(own, chunks)).toBe(shown)
          const core = Buffer.from(value).toString('base64').slice(0, 8)
          expect(shown, `${before}`).toContain('[secret value]')
          const left = Buffer.from(shown.replaceAll('[secret value]', '\0').replace(/[\r\n]/g, ''))
          expect(left.toString(), `${before}`).not.toContain(core)
          // Of each end at most what shares a character with its neighbours.
          expect(left.length - 1).toBeLessThanOrEqual(Math.ceil(((before + 70) * 4) / 3) + 6)
        }
      }
    },
  )

  it.each([76, 64])('base64 in lines of %i characters', (columns) => {
    for (let length = 49; length < 200; length++) {
      const secret = createRandom(length)
        .bytes(length)
        .fill(255, length - 1) // so no text, and no line end
      const lines = secret.toString('base64').match(new RegExp(`.{1,${columns}}`, 'g')) ?? []
      const shown = redactText(lines.join('\n'), patternsOf({ s: secret }))
      expect(shown.replaceAll('[secret s]', '').replace(/\s|=/g, '').length).toBeLessThanOrEqual(1)
    }
  })

  it('bytes that are no text', () => {
    const secret = Buffer.from([255, 0, 65, 10, 128, 37, 200, 1])
    const own = patternsOf({ s: secret })
    expect(redact(own, [Buffer.from('a'), secret, Buffer.from('b')])).toBe('a[secret s]b')
    expect(redactText('%FF%00A%0A%80%25%C8%01 %ff%00A%0a%80%25%c8%01', own)).toBe('[secret s] [secret s]')
  })

  it('a value of several lines, line by line, but for the public ones and short ones', () => {
    const key =
      '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\nBKcw==\n-----END PRIVATE KEY-----\n'
    const own = patternsOf({ pem: key })
    const masked =
      '-----BEGIN PRIVATE KEY-----\n[secret pem]\n[secret pem]\n[secret pem]\n-----END PRIVATE KEY-----\n'
    expect(redactText(key, own)).toBe(masked)
    expect(redactText(key.replaceAll('\n', '\r\n'), own)).toBe(masked.replaceAll('\n', '\r\n'))
    expect(redactText(key.replaceAll(/^/gm, '    '), own)).toBe(masked.replaceAll(/^/gm, '    '))
    expect(redactText(JSON.stringify(key), own)).toBe(JSON.stringify(masked))
    expect(redactText(Buffer.from(key).toString('base64'), own)).toMatch(/^\[secret pem\].{0,3}$/)
    expect(redactText('other: hkiG9w0BAQEFAASC', own)).toBe('other: [secret pem]')
  })

  it('without the line end that a file has', () => {
    expect(redactText('token=abcdefgh;', patternsOf({ s: 'abcdefgh\n' }))).toBe('token=[secret s];')
  })
})

describe('redactText', () => {
  it('gives the same string when there is nothing in it, broken characters and all', () => {
    expect(redactText('half \ud800 of one', patternsOf({ s: 'abcdefgh' }))).toBe('half \ud800 of one')
    expect(redactText('abcdefgh', new RedactionPatterns())).toBe('abcdefgh')
  })
  it('masks each', () => {
    expect(redactText('abcdefgh, é abcdefgh abcdefg', patternsOf({ s: 'abcdefgh' }))).toBe(
      '[secret s], é [secret s] abcdefg',
    )
  })
})
