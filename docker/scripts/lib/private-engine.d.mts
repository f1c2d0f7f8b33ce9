export interface PrivateEngineOptions {
  /** It logs each request, with what was sent along. */
  debug?: boolean
  /** Its containers run on while it is away, and are its own again when it is back. */
  liveRestore?: boolean
}

export interface PrivateEngine {
  /** Such as `unix:///tmp/…/docker.sock`; the same after a restart. */
  readonly endpoint: string
  readonly logFile: string
  /** All that it stores. */
  readonly dataDir: string
  /** Ends it as a service manager would; its containers stop with it. */
  stop(): Promise<number | undefined>
  /** SIGKILL, as in a crash: its containers are left running. */
  kill(): Promise<number | undefined>
  /** Brings it back on the same data and the same socket. */
  start(): Promise<{ endpoint: string; pid: number }>
  /** Kills its containers, stops it and removes all that it stored. */
  close(): Promise<void>
}

export function startPrivateEngine(options?: PrivateEngineOptions): Promise<PrivateEngine>
