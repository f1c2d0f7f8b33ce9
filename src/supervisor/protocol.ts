/** The protocol versions that this library speaks. See supervisor/PROTOCOL.md, which this folder follows. */
export const protocolVersions = { lowest: 1, highest: 2 } as const

/** Frame types, by who sends them. */
export const frameType = {
  hello: 0x01, spawn: 0x02, data: 0x03, end: 0x04, window: 0x05, kill: 0x06, extend: 0x07, ping: 0x08,
  ack: 0x09, bye: 0x0a, resize: 0x0b, attach: 0x0c, list: 0x0d, forget: 0x0e, lease: 0x0f,
  secret: 0x10, leave: 0x11,
} as const // prettier-ignore

/** Frame types of the supervisor. */
export const answerType = {
  hello: 0x81, started: 0x82, failed: 0x83, data: 0x84, end: 0x85, window: 0x86, stdinClosed: 0x87, exit: 0x88,
  killed: 0x89, pong: 0x8a, error: 0x8b, resumed: 0x8c, gone: 0x8d, ack: 0x8e,
  attached: 0x8f, listed: 0x90, forgotten: 0x91, secret: 0x92, skipped: 0x93, left: 0x94,
} as const // prettier-ignore

export const headerBytes = 12
/** Largest payload that the supervisor takes. */
export const maxRequestBytes = 1024 * 1024
/** Largest payload that the supervisor sends. */
export const maxAnswerBytes = 64 * 1024
/** Size of the DATA frames that we send. */
export const dataFrameBytes = 64 * 1024
/** What a command's stdin may be sent before any WINDOW. */
export const firstStdinLimit = 64 * 1024

/** An output channel of a command. */
export type OutputChannel = 1 | 2 | 3
export const stdoutChannel = 1
export const stderrChannel = 2
/** What the command writes to descriptor 3, where it has one. */
export const thirdChannel = 3

/** Why a KILL is sent, as the exit will say. */
export const killCause = { killed: 1, aborted: 2 } as const

/** Flags of SPAWN. */
export const spawnFlag = {
  stdin: 1,
  keepDescendants: 2,
  fillDefaults: 4,
  builtin: 8,
  detached: 16,
  thirdOutput: 32,
  uniqueUser: 64,
} as const
