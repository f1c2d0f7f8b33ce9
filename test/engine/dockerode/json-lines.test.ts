import { expect, test } from 'vitest'
import { jsonLines } from '../../../src/engine/dockerode/json-lines.js'
import { toEvent } from '../../../src/engine/dockerode/to-event.js'

async function read(...chunks: Uint8Array[]): Promise<unknown[]> {
  const values: unknown[] = []
  for await (const { value } of jsonLines(chunksOf(chunks), 'The stream')) values.push(value)
  return values
}

async function* chunksOf(chunks: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks
}

const text = '{"a":"grüezi 🐋"}\r\n\n {"b":{"c":1}}\n{"last":true}'
const values = [{ a: 'grüezi 🐋' }, { b: { c: 1 } }, { last: true }]

test('cut anywhere, byte by byte, the messages are the same', async () => {
  const bytes = Buffer.from(text)
  for (let at = 0; at <= bytes.length; at++) {
    expect(await read(bytes.subarray(0, at), bytes.subarray(at))).toEqual(values)
  }
  expect(await read(...[...bytes].map((byte) => Buffer.from([byte])))).toEqual(values)
})

test.each(['{"a":1}\nnot json\n', '[1]\n', '"x"', '{"cut":'])(
  '%o is an error that shows the line',
  async (bad) => {
    await expect(read(Buffer.from(bad))).rejects.toMatchObject({
      code: 'ENGINE_PROTOCOL',
      message: expect.stringContaining('The stream') as string,
    })
  },
)

test('a line without an end is given up', async () => {
  const endless = Array.from({ length: 20 }, () => Buffer.alloc(1 << 20, 'x'))
  await expect(read(...endless)).rejects.toMatchObject({ code: 'ENGINE_PROTOCOL' })
})

const said = (line: string) => toEvent({ value: JSON.parse(line) as Record<string, unknown>, text: line })

test('an event keeps its time to the nanosecond, whatever its attributes say', () => {
  const attributes = '{"exitCode":"0","timeNano":"5","x":"\\"timeNano\\":7"}'
  const line = `{"Type":"container","Action":"die","Actor":{"ID":"abc","Attributes":${attributes}},"time":1763792472,"timeNano":1763792472123456789}`
  expect(said(line)).toEqual({
    type: 'container',
    action: 'die',
    actorId: 'abc',
    attributes: { exitCode: '0', timeNano: '5', x: '"timeNano":7' },
    timeNano: 1763792472123456789n,
  })
})

test('an event without nanoseconds has its seconds; what is no event is none', () => {
  expect(said('{"Type":"image","Action":"pull","time":7}')).toMatchObject({
    timeNano: 7_000_000_000n,
    actorId: '',
  })
  expect(said('{"time":7}')).toBeUndefined()
})
