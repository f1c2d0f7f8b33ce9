import type { Readable } from 'node:stream'
import type { Command } from '../command/command.js'

/** How a function of the supervisor is started. */
export interface BuiltinOptions {
  /** Default: the place's. */
  readonly user?: string | undefined
  /** Default: the place's. */
  readonly cwd?: string | undefined
  readonly stdin?: Uint8Array | Readable
  readonly timeoutMs?: number
  readonly signal?: AbortSignal | undefined
}

/** Starts a function of the supervisor itself, where a place has one. See PROTOCOL.md for their names and arguments. */
export type StartBuiltin = (argv: readonly (string | Uint8Array)[], options: BuiltinOptions) => Command
