/** What TLS needs, read into memory. */
export interface TlsMaterial {
  readonly ca?: string | Buffer
  readonly cert?: string | Buffer
  readonly key?: string | Buffer
  /** Whether the engine's certificate must be signed by a known authority. */
  readonly verify: boolean
}

/** How bytes get to an engine. */
export type Address =
  | { readonly kind: 'unix'; readonly socketPath: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly tls?: TlsMaterial }
  | {
      readonly kind: 'ssh'
      readonly host: string
      readonly user?: string
      readonly port?: number
      /** The engine's socket on the other machine. */
      readonly socketPath: string
    }

/** One place where an engine may be. */
export interface Endpoint {
  readonly address: Address
  /** Who named it: ``option `socketPath` ``, `DOCKER_HOST`, `docker context "remote"`, `usual socket`. */
  readonly origin: string
}

/** The address as people write it; never holds a password. */
export function describeAddress(address: Address): string {
  switch (address.kind) {
    case 'unix':
      return `unix://${address.socketPath}`
    case 'tcp':
      return `tcp://${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`
    case 'ssh': {
      const user = address.user === undefined ? '' : `${address.user}@`
      const port = address.port === undefined ? '' : `:${address.port}`
      return `ssh://${user}${address.host}${port}${address.socketPath}`
    }
  }
}
