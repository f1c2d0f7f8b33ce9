import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { split, type Chunking } from './chunking.js'
import { Overtaking } from './overtaking.js'

/** Bytes in each direction; `nth` in a function is how many matching connections were there before. */
interface CutAfter {
  toEngine?: number
  toClient?: number
}

/** What goes wrong; may be changed at any time, and is looked at for each chunk. */
export interface Faults {
  /** Only connections whose first request line matches, such as `/wait\?/`. Default: all. */
  only?: RegExp
  /** Cut a connection, both ways and without a word, once this many bytes went over it in that direction. */
  cutAfterBytes?: CutAfter | ((nth: number) => CutAfter)
  /** Let every chunk vanish, though nobody is told, as a network does that lost its state. */
  swallow?: boolean
  /** Hold back every chunk for so long, or for what the function draws for it. */
  delayMs?: number | (() => number)
  /** Pass every chunk on in pieces, some time apart. */
  chunking?: Chunking
  /** Let answers of the engine overtake those before them that go over other connections. */
  reorder?: boolean
  /** Where one side ends its half, end the other half too. */
  refuseHalfClose?: boolean
  /** Close new connections at once. */
  refuseConnections?: boolean
}

export interface FaultProxy {
  /** Where it listens: `unix://…`, or `tcp://127.0.0.1:port`. */
  readonly endpoint: string
  faults: Faults
  /** The first request line of every connection so far, empty where nothing was sent. */
  readonly requests: readonly string[]
  /** How many chunks were overtaken by later ones. */
  readonly overtaken: number
  /** How many connections are open. */
  open(): number
  /** Cuts every open connection whose first request line matches. Default: all. Says how many. */
  cut(only?: RegExp): number
  close(): Promise<void>
}

type CurrentFaults = Omit<Faults, 'cutAfterBytes'> & { cutAfterBytes: CutAfter | undefined }

type Send = (send: () => Promise<void>) => Promise<void>

interface Connection {
  client: net.Socket
  engine: net.Socket
  request: string
  nth: number
}

/** A proxy between a client and an engine, on a unix socket or loopback only, in which things go wrong on demand. */
export async function startFaultProxy(
  engineEndpoint: string,
  faults: Faults = {},
  listenOn: 'unix' | 'tcp' = 'unix',
): Promise<FaultProxy> {
  const folder = await mkdtemp(join(tmpdir(), 'anyon-proxy-'))
  const connections = new Set<Connection>()
  const requests: string[] = []
  const overtaking = new Overtaking()
  let matching = 0
  const server = net.createServer({ allowHalfOpen: true }, (client) => {
    if (proxy.faults.refuseConnections) return void client.destroy()
    const engine = net.connect({ ...addressOf(engineEndpoint), allowHalfOpen: true })
    const index = requests.push('') - 1
    const connection: Connection = { client, engine, request: '', nth: 0 }
    connections.add(connection)
    const cut = (): void => cutConnection(connections, connection)
    for (const socket of [client, engine]) socket.on('error', cut).on('close', cut)
    const isFaulty = (): boolean => proxy.faults.only?.test(connection.request) ?? true
    const current = (): CurrentFaults => {
      const { cutAfterBytes: cut, ...others } = isFaulty() ? proxy.faults : {}
      return { ...others, cutAfterBytes: typeof cut === 'function' ? cut(connection.nth) : cut }
    }
    const onRequest = (chunk: Buffer): void => {
      if (connection.request !== '') return
      requests[index] = connection.request = requestLine(chunk)
      if (isFaulty()) connection.nth = matching++
    }
    const overtakes: Send = (send) => overtaking.pass(connection, send)
    void pump(client, engine, 'toEngine', current, cut, { onChunk: onRequest })
    void pump(engine, client, 'toClient', current, cut, { overtakes })
  })
  server.listen(listenOn === 'unix' ? join(folder, 'proxy.sock') : { port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  const address = server.address() as net.AddressInfo | string
  const proxy: FaultProxy = {
    endpoint: typeof address === 'string' ? `unix://${address}` : `tcp://127.0.0.1:${address.port}`,
    faults,
    requests,
    get overtaken() {
      return overtaking.count
    },
    open: () => connections.size,
    cut(only) {
      const chosen = [...connections].filter(({ request }) => only?.test(request) ?? true)
      for (const connection of chosen) cutConnection(connections, connection)
      return chosen.length
    },
    async close() {
      proxy.cut()
      server.close()
      await once(server, 'close')
      await rm(folder, { recursive: true, force: true })
    },
  }
  return proxy
}

function cutConnection(connections: Set<Connection>, connection: Connection): void {
  connections.delete(connection)
  connection.client.destroy()
  connection.engine.destroy()
}

/** Passes bytes on in one direction until they end or are cut. */
async function pump(
  from: net.Socket,
  to: net.Socket,
  direction: 'toEngine' | 'toClient',
  faults: () => CurrentFaults,
  cut: () => void,
  {
    onChunk = () => {},
    overtakes = (send) => send(),
  }: { onChunk?: (chunk: Buffer) => void; overtakes?: Send },
): Promise<void> {
  let passed = 0
  try {
    for await (const chunk of from.iterator({ destroyOnReturn: false })) {
      onChunk(chunk as Buffer)
      for (const part of split(chunk as Buffer, faults().chunking)) {
        const { cutAfterBytes, swallow, reorder } = faults()
        if (swallow) continue
        await pause(faults())
        const left = Math.max(0, (cutAfterBytes?.[direction] ?? Infinity) - passed)
        const send = () => write(to, part.subarray(0, left))
        await (reorder ? overtakes(send) : send())
        passed += part.length
        if (part.length >= left) return await cutCleanly(to, cut)
      }
    }
    if (faults().refuseHalfClose) await cutCleanly(to, cut)
    else to.end()
  } catch {
    cut()
  }
}

async function pause({ delayMs = 0, chunking }: CurrentFaults): Promise<void> {
  const ms = typeof delayMs === 'function' ? delayMs() : delayMs
  if (ms > 0) await delay(ms)
  else if (chunking === 'halved') await delay(1)
  else if (chunking === 'bytewise') await new Promise(setImmediate)
}

/** What was passed on arrives before the cut. */
async function cutCleanly(to: net.Socket, cut: () => void): Promise<void> {
  await new Promise<void>((resolve) => to.end(resolve))
  cut()
}

function requestLine(chunk: Buffer): string {
  return chunk.toString('latin1').split('\r\n', 1)[0] ?? ''
}

async function write(to: net.Socket, bytes: Buffer): Promise<void> {
  if (bytes.length > 0 && !to.write(bytes)) await once(to, 'drain')
}

function addressOf(endpoint: string): { path: string } | { host: string; port: number } {
  if (endpoint.startsWith('unix://')) return { path: endpoint.slice('unix://'.length) }
  const { hostname, port } = new URL(endpoint.replace('tcp:', 'http:'))
  return { host: hostname, port: Number(port) }
}
