import type { Launcher } from '../command/launch.js'
import type { SessionShell } from '../command/session.js'

/** Whoever keeps a session's state, and knows how each of its commands is run. */
export interface Keeper {
  readonly shell: SessionShell
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  /** For one command; what it answers and takes is the state when it is asked. */
  launcher(argv: readonly string[]): Launcher
}
