import { once } from 'node:events'
import net from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { startFaultProxy, type Faults } from './fault-proxy.js'

/** An "engine" that sends back what it is sent, behind a proxy. */
async function echoThrough(faults: Faults) {
  const received: string[] = []
  const echo = net.createServer((socket) => {
    socket.on('error', () => {}).on('data', (chunk) => received.push(String(chunk)))
    socket.pipe(socket)
  })
  echo.listen(0, '127.0.0.1')
  await once(echo, 'listening')
  const { port } = echo.address() as net.AddressInfo
  const proxy = await startFaultProxy(`tcp://127.0.0.1:${port}`, faults)
  onTestFinished(async () => {
    await proxy.close()
    echo.close()
  })
  return { proxy, received, connect: () => net.connect(proxy.endpoint.slice('unix://'.length)) }
}

test.each([
  ['toEngine', 0],
  ['toEngine', 1],
  ['toClient', 4],
  ['toClient', 9],
] as const)('cuts %s after exactly %i bytes', async (direction, bytes) => {
  const { connect, received } = await echoThrough({ cutAfterBytes: { [direction]: bytes } })
  const socket = connect()
  socket.write('0123456789')
  const back = await text(socket)
  const whatCame = () => (direction === 'toClient' ? back : received.join(''))
  await expect.poll(whatCame).toBe('0123456789'.slice(0, bytes))
})

test('lets a later answer of another connection go first, and keeps each connection in order', async () => {
  const { proxy, connect } = await echoThrough({ reorder: true })
  const order: string[] = []
  const sockets = ['a', 'b'].map((name) => {
    const socket = connect()
    socket.on('data', (chunk) => order.push(`${name}${String(chunk)}`))
    return socket
  })
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  sockets[0]!.end('1')
  sockets[1]!.end('2')
  await Promise.all(sockets.map((socket) => once(socket, 'close')))
  expect([...order].sort()).toEqual(['a1', 'b2'])
  expect(proxy.overtaken).toBe(1)
})
