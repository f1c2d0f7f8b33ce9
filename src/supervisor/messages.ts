import type { SecretsEnd } from '../model/secrets-end.js'
import type { TerminalSize } from '../model/terminal-size.js'
import { protocolError } from './protocol-error.js'
import { RecordReader, RecordWriter } from './record.js'
import { protocolVersions, spawnFlag } from './protocol.js'
import { encodeSecret, type SecretRecord } from './secret-frames.js'

/** What HELLO says of the supervisor. */
export interface SupervisorHello {
  /** The protocol version in force. */
  readonly protocol: number
  readonly supervisorVersion: string
  readonly pid: number
  readonly uid: number
  /** 1 PID 1, 2 beside a main process, 3 a child of the host. */
  readonly mode: number
  /** Tells one supervisor from the next in the same place; where there is none, no session can be begun. */
  readonly instance: string | undefined
}

/** What our HELLO says of a session. */
export interface SessionRequest {
  readonly id: Uint8Array
  readonly orphanGraceMs: number
  /** How many bytes that we have not acknowledged the supervisor may keep. */
  readonly keepBytes: number
  /** Where it was begun before: how much we received, and whether the supervisor may never have heard of it. */
  readonly resume?: { readonly received: number; readonly mayBegin: boolean }
}

/** A SPAWN, with every default decided. */
export interface SpawnRequest {
  readonly id: string
  readonly argv: readonly (string | Uint8Array)[]
  /** argv names a function of the supervisor itself. */
  readonly builtin: boolean
  /** Bytes where an entry need not be UTF-8; the same goes for the folder. */
  readonly env: readonly (string | Uint8Array)[]
  readonly cwd: string | Uint8Array | undefined
  readonly user: string | undefined
  /** A user that nobody else is; `user` is then undefined. */
  readonly uniqueUser: boolean
  readonly path: string | undefined
  readonly stdin: boolean
  readonly keepDescendants: boolean
  /** It outlives its connection. */
  readonly detached: boolean
  /** Whether PATH, HOME, USER and LOGNAME are added where they are missing. */
  readonly fillDefaults: boolean
  readonly spool: { readonly maxBytes: number; readonly blocks: boolean } | undefined
  readonly timeoutMs: number | undefined
  readonly idleTimeoutMs: number | undefined
  readonly graceMs: number
  readonly windowBytes: number
  /** Whether descriptor 3 of the command is an output as well. */
  readonly thirdOutput: boolean
  /** Absent: pipes. */
  readonly terminal?: TerminalSize | undefined
  /** Undefined: the command has none. */
  readonly secrets: SpawnSecrets | undefined
}

/** What a command gets of secrets. */
export interface SpawnSecrets {
  /** What the supervisor gives to those who attach. */
  readonly note: Buffer | undefined
  /** `NAME=value` */
  readonly env: readonly Buffer[]
  readonly files: readonly SecretRecord[]
}

/** A command that never ran. */
export interface SpawnFailure {
  readonly stage: number
  readonly errno: number
  readonly text: string
  /** Undefined: it had none. */
  readonly secrets: SecretsEnd | undefined
}

/** What became of the processes below a command. */
export interface KillReport {
  readonly killed: number
  readonly survivors: readonly number[]
  readonly verified: boolean
}

/** An EXIT, as it was sent. */
export interface ExitRecord {
  /** The raw status of `wait4`; absent when nobody saw how it ended. */
  readonly status: number | undefined
  readonly cause: number
  readonly requested: number | undefined
  readonly startedAt: Date | undefined
  readonly finishedAt: Date | undefined
  readonly userMs: number
  readonly systemMs: number
  readonly peakBytes: number
  /** Of a detached command's output, before all its readers had them. */
  readonly lostBytes: number
  readonly descendants: KillReport
  /** How often the kernel killed in its container for want of memory while it ran. */
  readonly oomKills: number
  readonly pausedMs: number
  /** Undefined: it had none. */
  readonly secrets: SecretsEnd | undefined
}

/** Our own HELLO. `silenceMs`: for longer we say nothing only when we are gone; 0: no promise. */
export function encodeHello(session: SessionRequest | undefined, silenceMs: number): Buffer {
  const record = new RecordWriter().u32(1, protocolVersions.highest).u32(2, protocolVersions.lowest)
  if (silenceMs > 0) record.u32(8, silenceMs)
  if (!session) return record.finish()
  record.bytes(3, session.id).u32(4, session.orphanGraceMs).u32(5, session.keepBytes)
  if (session.resume) record.u64(6, session.resume.received)
  if (session.resume?.mayBegin) record.text(7, '')
  return record.finish()
}

export function encodeSpawn(request: SpawnRequest): Buffer {
  const record = new RecordWriter()
  for (const argument of request.argv) {
    if (typeof argument === 'string') record.text(1, argument)
    else record.bytes(1, argument)
  }
  if (request.spool) record.bytes(13, encodeSpool(request.spool))
  for (const entry of request.env) record.text(2, entry)
  if (request.cwd !== undefined) record.text(3, request.cwd)
  if (request.user !== undefined) record.text(4, request.user)
  record.u32(5, flagsOf(request))
  if (request.timeoutMs !== undefined) record.u64(6, request.timeoutMs)
  record.u32(7, request.graceMs)
  if (request.path !== undefined) record.text(8, request.path)
  record.u32(9, request.windowBytes).text(10, request.id)
  if (request.idleTimeoutMs !== undefined) record.u64(11, request.idleTimeoutMs)
  if (request.terminal) record.bytes(12, encodeTerminal(request.terminal))
  if (request.secrets) putSecrets(record, request.secrets)
  return record.finish()
}

/** A size, as of RESIZE and in SPAWN. */
export function encodeTerminal({ columns, rows }: TerminalSize): Buffer {
  const payload = Buffer.allocUnsafe(4)
  payload.writeUInt16LE(columns, 0)
  payload.writeUInt16LE(rows, 2)
  return payload
}

/** One without a name says that the environment holds some. */
function putSecrets(record: RecordWriter, { env, files, note }: SpawnSecrets): void {
  if (note) record.bytes(15, note)
  for (const entry of env) record.bytes(2, entry)
  record.bytes(14, Buffer.alloc(0))
  for (const file of files) record.bytes(14, encodeSecret(file))
}

function encodeSpool({ maxBytes, blocks }: NonNullable<SpawnRequest['spool']>): Buffer {
  return new RecordWriter()
    .u64(1, maxBytes)
    .u32(2, blocks ? 1 : 0)
    .finish()
}

function flagsOf(request: SpawnRequest): number {
  let flags = 0
  if (request.stdin) flags |= spawnFlag.stdin
  if (request.keepDescendants) flags |= spawnFlag.keepDescendants
  if (request.builtin) flags |= spawnFlag.builtin
  if (request.fillDefaults) flags |= spawnFlag.fillDefaults
  if (request.detached) flags |= spawnFlag.detached
  if (request.thirdOutput) flags |= spawnFlag.thirdOutput
  if (request.uniqueUser) flags |= spawnFlag.uniqueUser
  return flags
}

/** The peer's HELLO, before it is known whether we have a version in common. */
export function decodeHello(payload: Buffer): { highest: number; lowest: number; hello: SupervisorHello } {
  const record = new RecordReader(payload)
  const highest = record.u32(1) ?? 0
  const hello = {
    protocol: Math.min(highest, protocolVersions.highest),
    supervisorVersion: record.text(3) ?? '',
    pid: record.u32(4) ?? 0,
    uid: record.u32(5) ?? 0,
    mode: record.u8(6) ?? 0,
    instance: record.bytes(7)?.toString('hex'),
  }
  return { highest, lowest: record.u32(2) ?? highest, hello }
}

export function decodeFailure(payload: Buffer): SpawnFailure {
  const record = new RecordReader(payload)
  return {
    stage: record.u8(1) ?? 0,
    errno: record.u32(2) ?? 0,
    text: record.text(3) ?? '',
    secrets: secretsEnd(record),
  }
}

export function decodeKilled(payload: Buffer): KillReport {
  const record = new RecordReader(payload)
  return { survivors: record.u32s(1), verified: record.u8(2) === 1, killed: record.u32(3) ?? 0 }
}

export function decodeExit(payload: Buffer): ExitRecord {
  const record = new RecordReader(payload)
  return {
    status: record.u32(1),
    cause: record.u8(2) ?? 0,
    requested: record.u8(3),
    startedAt: toDate(record.u64(4)),
    finishedAt: toDate(record.u64(5)),
    userMs: Number(record.u64(6) ?? 0n) / 1000,
    systemMs: Number(record.u64(7) ?? 0n) / 1000,
    peakBytes: Number(record.u64(8) ?? 0n),
    lostBytes: Number(record.u64(15) ?? 0n),
    descendants: {
      killed: record.u32(9) ?? 0,
      survivors: record.u32s(10),
      verified: record.u8(11) === 1,
    },
    oomKills: record.u32(12) ?? 0,
    pausedMs: Number(record.u64(13) ?? 0n),
    secrets: secretsEnd(record),
  }
}

function secretsEnd(record: RecordReader): SecretsEnd | undefined {
  const verified = flag(record, 14)
  const left = record.text(16)
  return verified === undefined ? undefined : { verified, ...(left !== undefined && { left }) }
}

/** Why a session cannot be resumed. */
export function decodeGone(payload: Buffer): string {
  return new RecordReader(payload).text(1) ?? 'it does not say why'
}

/** An offset alone, as of RESUMED and ACK. */
export function decodeOffset(payload: Buffer): number {
  if (payload.length !== 8) throw protocolError(`an offset of ${payload.length} bytes`)
  return Number(payload.readBigUInt64LE())
}

export function encodeOffset(offset: number): Buffer {
  const payload = Buffer.allocUnsafe(8)
  payload.writeBigUInt64LE(BigInt(offset))
  return payload
}

/** The text of an ERROR. */
export function decodeError(payload: Buffer): string {
  const record = new RecordReader(payload)
  return record.text(2) ?? `code ${record.u32(1) ?? 0}`
}

function flag(record: RecordReader, tag: number): boolean | undefined {
  const value = record.u8(tag)
  return value === undefined ? undefined : value === 1
}

function toDate(nanoseconds: bigint | undefined): Date | undefined {
  return nanoseconds === undefined ? undefined : new Date(Number(nanoseconds / 1_000_000n))
}
