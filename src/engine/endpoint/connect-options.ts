/** The environment that a connection is resolved from: `process.env`, or one made for the occasion. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Certificates for an engine behind TLS: PEM text, not file names. */
export interface TlsOptions {
  /** The authority that signed the engine's certificate. Default: those that Node knows. */
  ca?: string | Buffer
  cert?: string | Buffer
  key?: string | Buffer
  /** Whether the engine's certificate must be signed by a known authority. Default: true. */
  verify?: boolean
}

/** Where to find the engine, and how long to try. Without any of it, the places that docker uses are tried. */
export interface ConnectOptions {
  /** A unix socket, such as `/var/run/docker.sock`. */
  socketPath?: string
  /** A URL (`unix://`, `tcp://`, `https://`, `ssh://`), or with `port` the name of a machine. */
  host?: string
  /** Default: 2375, or 2376 with TLS. */
  port?: number
  /** For `tcp`: speak TLS, with these. `{}` for TLS without a client certificate. */
  tls?: TlsOptions
  /** The name of a docker context. */
  context?: string
  /** Read while connecting and never again. Default: `process.env`. */
  env?: Environment
  /** Aborts connecting; the connected engine does not know it. */
  signal?: AbortSignal
  /** For each place tried, in milliseconds. Default: 5000, and 20000 over ssh. */
  timeoutMs?: number
  /** Speak this API version, such as `1.41`. Default: the highest that both sides know. */
  apiVersion?: string
}
