import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import type { Duplex } from 'node:stream'
import type { TlsMaterial } from '../endpoint/endpoint.js'

/** How to open connections to one engine. */
export type Target =
  | { readonly kind: 'unix'; readonly socketPath: () => string | Promise<string> }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly tls?: TlsMaterial }

/** The two kinds of call: those that end soon share kept sockets, those that last have one each. */
export type Lane = 'unary' | 'lasting'

/** Opens requests to one engine, over agents of its own. */
export class Connector {
  readonly #agents: Record<Lane, http.Agent>
  readonly #upgraded = new Set<Duplex>()

  constructor(readonly target: Target) {
    this.#agents = {
      unary: createAgent(target, { keepAlive: true, maxFreeSockets: 16, timeout: 60_000 }),
      lasting: createAgent(target, { keepAlive: false }),
    }
  }

  /** A request that is not sent yet. Nothing of the environment or of a global agent gets into it. */
  request(
    lane: Lane,
    options: { method: string; path: string; headers: http.OutgoingHttpHeaders },
  ): http.ClientRequest {
    const { target } = this
    const agent = this.#agents[lane]
    if (target.kind === 'unix') return http.request({ ...options, agent, host: 'localhost' })
    const { host, port } = target
    return (target.tls === undefined ? http : https).request({ ...options, agent, host, port })
  }

  /** Takes note of a connection that was upgraded: its agent knows it no more. */
  adopt(upgraded: Duplex): void {
    this.#upgraded.add(upgraded)
    upgraded.once('close', () => this.#upgraded.delete(upgraded))
  }

  /** Ends every connection, those in use too. */
  destroy(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy()
    for (const upgraded of this.#upgraded) upgraded.destroy()
  }
}

function createAgent(target: Target, options: http.AgentOptions): http.Agent {
  if (target.kind === 'unix') return new UnixAgent(target.socketPath, options)
  if (target.tls === undefined) return new http.Agent(options)
  const { ca, cert, key, verify } = target.tls
  return new https.Agent({
    ...options,
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    rejectUnauthorized: verify,
  })
}

/** The path is asked for at each connection: behind it there may be a tunnel that has to be dug first. */
class UnixAgent extends http.Agent {
  constructor(
    private readonly socketPath: () => string | Promise<string>,
    options: http.AgentOptions,
  ) {
    super(options)
  }

  override createConnection(
    _options: http.ClientRequestArgs,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    const path = this.socketPath()
    if (typeof path === 'string') return net.connect({ path })
    path.then(
      (ready) => callback?.(null, net.connect({ path: ready })),
      (error: Error) => callback?.(error, new net.Socket()),
    )
    return undefined
  }
}
