import { expect, test } from 'vitest'
import { MaskedOutput } from '../../../src/runners/secrets/masked-output.js'
import { createByteStream } from '../../../src/streaming/byte-stream.js'
import { RedactionPatterns } from '../../../src/streaming/redact-patterns.js'

const token = 'sesame-0pen-0123456789'
const mask = '[secret token]'

function masked() {
  const patterns = new RedactionPatterns()
  patterns.add('token', Buffer.from(token))
  const stream = createByteStream()
  let text = ''
  stream.tap((bytes) => (text += Buffer.from(bytes).toString()))
  let granted = 0
  const output = new MaskedOutput(patterns, stream, (bytes) => (granted += bytes))
  return { output, text: () => text, granted: () => granted }
}

/** What is shown of a piece of the token: below six bytes that is no secret. */
const shown = (piece: string) => (piece.length < 6 ? piece : mask)

test.each(Array.from({ length: token.length - 1 }, (_, index) => index + 1))(
  'a secret that a gap cuts after %d bytes is masked on both sides, but for less than six bytes',
  (at) => {
    for (const step of [1, 4, 100]) {
      const { output, text } = masked()
      const push = (part: string) => {
        for (let n = 0; n < part.length; n += step) output.push(Buffer.from(part.slice(n, n + step)))
      }
      push(`before ${token.slice(0, at)}`)
      output.skip(1000)
      push(`${token.slice(at)} after ${token}.`)
      output.end()
      expect(text()).toBe(`before ${shown(token.slice(0, at))}${shown(token.slice(at))} after ${mask}.`)
    }
  },
)

test('what lies behind a gap and in the midst of a secret as well is masked', () => {
  const { output, text } = masked()
  output.cut()
  output.push(Buffer.from(token.slice(3, 14)))
  output.end()
  expect(text()).toBe(mask)
})

test('what is no secret comes unchanged on both sides of a gap, and a few bytes without waiting for more', async () => {
  const { output, text, granted } = masked()
  output.push(Buffer.from('sesam'))
  output.skip(10)
  output.push(Buffer.from('open'))
  await expect.poll(text).toBe('sesamopen')
  output.push(Buffer.from(' sesame-0'))
  output.end()
  expect(text()).toBe('sesamopen sesame-0')
  output.consumed(18)
  expect(granted()).toBe(18)
})
