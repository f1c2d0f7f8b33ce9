import type { RunnerCapabilities } from '../command/command-runner.js'

/** What the engine's own exec can and cannot do; other runners without a supervisor do a little more. */
export const plainCapabilities: RunnerCapabilities = {
  supervised: false,
  verifiedKill: false,
  exactExit: false,
  exactEnvironment: false,
  backpressure: false,
  users: true,
  uniqueUsers: false,
  oomEvidence: false,
  pausesLimits: false,
  secrets: false,
  detached: false,
  endsWithHost: false,
  terminals: false,
  files: false,
  ports: false,
  sessions: false,
  isolation: 'none',
}
