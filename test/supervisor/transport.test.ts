import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { streamTransport } from '../../src/supervisor/transport.js'

/** What a sink that opens the transport is told. */
function told(transport: ReturnType<typeof streamTransport>): unknown[] {
  const calls: unknown[] = []
  transport.open({
    data: (bytes) => void calls.push(Buffer.from(bytes).toString()),
    end: (error) => void calls.push(error?.message ?? 'end'),
  })
  return calls
}

const closed = (stream: PassThrough) => new Promise((resolve) => stream.once('close', resolve))

test.each([
  ['broke', new Error('cut'), 'cut'],
  ['closed', undefined, 'end'],
])(
  'a stream that %s before it was opened is told then, and harms nobody before',
  async (_how, error, call) => {
    const stream = new PassThrough()
    const transport = streamTransport(stream, stream)
    stream.destroy(error)
    await closed(stream)
    const calls = told(transport)
    await Promise.resolve()
    expect(calls).toEqual([call])
  },
)

test('what came before it was opened comes first, then its end, once', async () => {
  const stream = new PassThrough()
  const transport = streamTransport(stream, stream)
  stream.end('early')
  const calls = told(transport)
  await closed(stream)
  expect(calls).toEqual(['early', 'end'])
})
