import { once } from 'node:events'
import http from 'node:http'
import type net from 'node:net'

/** What a fake engine says of itself. */
export interface FakeEngine {
  apiVersion?: string
  minimumApiVersion?: string
  product?: string
}

export interface FakeDaemon {
  readonly server: http.Server
  /** `METHOD /path` of every request so far. */
  readonly requests: string[]
  /** The sockets that are open. */
  readonly sockets: Set<net.Socket>
  close(): Promise<void>
}

/** An HTTP server that says the little which an engine says while one connects; all else is answered with `{}`. */
export async function startFakeDaemon(
  listen: string | net.ListenOptions,
  given: FakeEngine = {},
): Promise<FakeDaemon> {
  const { apiVersion = '1.45', minimumApiVersion = '1.24', product = 'Engine' } = given
  const requests: string[] = []
  const sockets = new Set<net.Socket>()
  const version = {
    Version: '99.0',
    ApiVersion: apiVersion,
    MinAPIVersion: minimumApiVersion,
    Os: 'linux',
    Arch: 'amd64',
    Components: [{ Name: product }],
  }
  const server = http.createServer({ keepAliveTimeout: 0 }, (request, response) => {
    requests.push(`${request.method} ${request.url}`)
    request.resume()
    response.setHeader('content-type', 'application/json')
    response.end(request.url === '/version' ? JSON.stringify(version) : '{}')
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.listen(listen)
  await once(server, 'listening')
  return {
    server,
    requests,
    sockets,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
