import { expect, test } from 'vitest'
import { MaskedOutput } from '../../../src/runners/secrets/masked-output.js'
import { OutputMask } from '../../../src/runners/secrets/output-mask.js'
import { createByteStream } from '../../../src/streaming/byte-stream.js'
import { stderrChannel, stdoutChannel } from '../../../src/supervisor/protocol.js'
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

test.each([
  ['the rest of a secret', token.slice(8), mask],
  ['a whole secret', token, mask],
  ['what is none', 'sesame to all', 'ame to all'],
])('behind a gap and a pause after three bytes, %s is still seen for what it is', async (_, bytes, shown) => {
  const { output, text } = masked()
  output.skip(10)
  output.push(Buffer.from(bytes.slice(0, 3)))
  await expect.poll(text).toBe(bytes.slice(0, 3))
  output.push(Buffer.from(`${bytes.slice(3)} after`))
  output.end()
  expect(text()).toBe(`${bytes.slice(0, 3)}${shown} after`)
})

test('of a secret that pauses within and is then cut, less than half is shown', async () => {
  const { output, text } = masked()
  output.push(Buffer.from(token.slice(0, 15)))
  await expect.poll(text).toBe(token.slice(0, 11))
  output.skip(10)
  expect(text()).toBe(token.slice(0, 11) + mask)
})

test('of an output that nobody reads to its end, the beginning of a secret is masked', () => {
  const outputs = new OutputMask()
  outputs.patterns.add('token', Buffer.from(token))
  const streams = [createByteStream(), createByteStream()] as const
  const texts = ['', '']
  for (const [n, stream] of streams.entries()) stream.tap((bytes) => (texts[n] += String(Buffer.from(bytes))))
  outputs.into(streams, () => {})
  outputs.output(stdoutChannel)?.push(Buffer.from(`<${token.slice(0, -1)}`))
  outputs.output(stderrChannel)?.push(Buffer.from('Pass sesam'))
  outputs.close()
  expect(texts).toEqual([`<${mask}`, 'Pass sesam'])
})

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
