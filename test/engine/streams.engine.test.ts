import { once } from 'node:events'
import type { Duplex, Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectEngine } from '../../src/engine/connect-engine.js'
import type { ContainerEngine } from '../../src/engine/container-engine.js'
import type { CreateRequest } from '../../src/engine/engine-types.js'
import { testEndpoint } from '../support/engine.js'
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.js'
import { createRequest } from '../support/create-request.js'

let engine: ContainerEngine
let proxy: FaultProxy
let proxied: ContainerEngine
let box: string
const made: string[] = []

beforeAll(async () => {
  engine = await connectEngine({ host: testEndpoint() })
  proxy = await startFaultProxy(testEndpoint(), {}, 'tcp')
  proxied = await connectEngine({ host: proxy.endpoint })
  box = await create()
  await engine.startContainer(box)
})
afterAll(async () => {
  await Promise.all(made.map((id) => engine.removeContainer(id, { force: true, volumes: true })))
  await Promise.all([engine.close(), proxied.close()])
  await proxy.close()
})

async function create(given?: Partial<CreateRequest>): Promise<string> {
  const { id } = await engine.createContainer(createRequest(given))
  made.push(id)
  return id
}

/** The payloads of framed output, told apart by nothing: enough to see what was said. */
function unframed(bytes: Buffer): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 8 + bytes.readUInt32BE(at + 4)) {
    text += bytes.toString('utf8', at + 8, at + 8 + bytes.readUInt32BE(at + 4))
  }
  return text
}

async function exec(
  on: ContainerEngine,
  argv: string[],
  input?: string,
): Promise<{ text: string; exitCode: unknown }> {
  const execId = await on.createExec(box, { argv, stdin: input !== undefined })
  const stream = await on.startExec(execId)
  if (input !== undefined) stream.end(input)
  const text = unframed(await buffer(stream))
  return { text, exitCode: (await on.inspectExec(execId)).exitCode }
}

describe('exec', () => {
  test.each([
    ['a unix socket', () => engine],
    ['TCP', () => proxied],
  ])('over %s, the end of its input is an end and its output goes on', async (_, on) => {
    expect(await exec(on(), ['wc', '-c'], 'hello')).toEqual({ text: '5\n', exitCode: 0 })
    expect(await exec(on(), ['sh', '-c', 'cat; sleep 0.2; echo after; exit 3'], 'in ')).toEqual({
      text: 'in after\n',
      exitCode: 3,
    })
  })

  test('takes its environment, user and folder', async () => {
    const request = {
      argv: ['sh', '-c', 'echo $A; id -u; pwd'],
      env: { A: 'x=y' },
      user: '1000',
      workingDir: '/tmp',
    }
    const stream = await engine.startExec(await engine.createExec(box, { ...request, stdin: false }))
    expect(unframed(await buffer(stream))).toBe('x=y\n1000\n/tmp\n')
  })

  test('with a terminal, output has no frames', async () => {
    const execId = await engine.createExec(box, { argv: ['tty'], stdin: false, terminal: true })
    expect((await buffer(await engine.startExec(execId))).toString()).toMatch(/^\/dev\/pts\/\d+\r\n$/)
  })

  test('runs until it ends; the code is absent as long as it runs', async () => {
    const execId = await engine.createExec(box, { argv: ['cat'], stdin: true })
    const stream = await engine.startExec(execId)
    stream.write('x')
    await once(stream, 'data')
    const during = await engine.inspectExec(execId)
    expect(during).toMatchObject({ running: true })
    expect(during.exitCode).toBeUndefined()
    stream.end()
    await once(stream, 'close')
  })

  test('its stream ends with its signal', async () => {
    const controller = new AbortController()
    const execId = await engine.createExec(box, { argv: ['cat'], stdin: true })
    const stream = await engine.startExec(execId, { signal: controller.signal })
    const error = once(stream, 'error') as Promise<unknown[]>
    controller.abort()
    expect(await error).toMatchObject([{ code: 'ABORTED' }])
    expect(stream.destroyed).toBe(true)
  })

  test('a proxy that knows no half end ends it with nothing said', async () => {
    proxy.faults = { refuseHalfClose: true }
    const stream = await proxied.startExec(await proxied.createExec(box, { argv: ['wc', '-c'], stdin: true }))
    stream.end('hello')
    expect(await buffer(stream)).toHaveLength(0)
    proxy.faults = {}
  })

  test('a proxy that cuts it ends the stream', async () => {
    const stream = await proxied.startExec(await proxied.createExec(box, { argv: ['cat'], stdin: true }))
    stream.write('x')
    await once(stream, 'data')
    expect(proxy.cut(/\/exec\/\w+\/start/)).toBe(1)
    await once(stream, 'close')
  })
})

describe('attach', () => {
  test('before the start it hears everything, and its end reaches the main process', async () => {
    const id = await create({
      command: ['sh', '-c', 'echo hello; wc -c'],
      openStdin: true,
      stdinOnce: true,
      engineInit: false,
    })
    const stream: Duplex = await engine.attachContainer(id, { stdin: true, stdout: true, stderr: true })
    await engine.startContainer(id)
    stream.end('four')
    expect(unframed(await buffer(stream))).toBe('hello\n4\n')
  })
})

describe('logs', () => {
  const read = (id: string, given: object): Promise<Readable> =>
    engine.containerLogs(id, { follow: false, stdout: true, stderr: true, timestamps: false, ...given })

  test('come whole, in part, with times, and followed to the end', async () => {
    const id = await create({ command: ['sh', '-c', 'echo one; echo two; echo three; sleep 0.5; echo four'] })
    await engine.startContainer(id)
    const followed = await buffer(await read(id, { follow: true }))
    expect(unframed(followed)).toBe('one\ntwo\nthree\nfour\n')
    expect(unframed(await buffer(await read(id, { tail: 2 })))).toBe('three\nfour\n')
    const timed = unframed(await buffer(await read(id, { timestamps: true, tail: 1 })))
    const [time = ''] = timed.split(' ')
    const [seconds, nanos] = [
      Math.floor(Date.parse(time) / 1000),
      /\.(\d{1,9})Z/.exec(time)?.[1]?.padEnd(9, '0'),
    ]
    expect(unframed(await buffer(await read(id, { since: `${seconds}.${nanos}` })))).toBe('four\n')
    expect(unframed(await buffer(await read(id, { stdout: false })))).toBe('')
  })

  test('a silent container can be followed, and a cut is not an end', async () => {
    const log = await proxied.containerLogs(box, {
      follow: true,
      stdout: true,
      stderr: true,
      timestamps: false,
    })
    const error = once(log.resume(), 'error') as Promise<unknown[]>
    expect(proxy.cut(/\/logs\?/)).toBe(1)
    expect(await error).toMatchObject([{ code: 'CONNECTION_LOST' }])
  })
})

test('stats are one sample', async () => {
  expect(await engine.containerStats(box)).toMatchObject({
    memory_stats: { usage: expect.any(Number) as number },
  })
})

test('closing ends everything that is open, and says so', async () => {
  const other = await connectEngine({ host: testEndpoint() })
  const wait = await other.waitContainer(box, 'not-running')
  const log = await other.containerLogs(box, { follow: true, stdout: true, stderr: true, timestamps: false })
  const stream = await other.startExec(await other.createExec(box, { argv: ['cat'], stdin: true }))
  const ends = [once(log.resume(), 'error'), once(stream, 'close')]
  await other.close()
  await expect(wait.result).rejects.toMatchObject({ code: 'CLOSED' })
  expect((await Promise.all(ends))[0]).toMatchObject([{ code: 'CLOSED' }])
})
