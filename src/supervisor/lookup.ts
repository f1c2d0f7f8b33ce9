import { decodeExit, type ExitRecord } from './messages.js'
import { protocolError } from './protocol-error.js'
import { RecordReader, RecordWriter } from './record.js'

/** An ATTACH. */
export interface AttachRequest {
  readonly id: string
  /** From which byte of stdout and of stderr on. */
  readonly from: readonly [stdout: number, stderr: number]
  /** What is granted once somebody has the handle. */
  readonly windowBytes: number
}

/** What was attached to, and from where on its outputs really come. */
export interface Attachment {
  readonly program: string
  readonly from: readonly [stdout: number, stderr: number]
  /** What whoever started it left for us. */
  readonly note: Buffer | undefined
}

/** One command of a list, as it was sent. */
export interface ListedRecord {
  readonly id: string
  readonly program: string
  readonly detached: boolean
  readonly pid: number | undefined
  readonly startedAt: Date | undefined
  /** First byte still there, and all there were; of a detached command. */
  readonly stdout: readonly [first: number, end: number] | undefined
  readonly stderr: readonly [first: number, end: number] | undefined
  readonly exit: ExitRecord | undefined
}

/** How a lease is to be: milliseconds, 0 for none; what is left out stays as it was. */
export interface LeaseRequest {
  readonly leaseMs?: number
  readonly idleMs?: number
  readonly ttlMs?: number
}

/** The answer to FORGET. */
export const forgetResult = { done: 0, unknown: 1, running: 2 } as const

const listedFlag = { detached: 1, ended: 2 }

export function encodeAttach({ id, from }: AttachRequest): Buffer {
  return new RecordWriter().text(1, id).u64(2, from[0]).u64(3, from[1]).u32(4, 0).finish()
}

export function encodeForget(id: string): Buffer {
  return new RecordWriter().text(1, id).finish()
}

export function encodeLease({ leaseMs, idleMs, ttlMs }: LeaseRequest): Buffer {
  const record = new RecordWriter()
  for (const [index, ms] of [leaseMs, idleMs, ttlMs].entries())
    if (ms !== undefined) record.u64(index + 1, ms)
  return record.finish()
}

export function decodeAttached(payload: Buffer): Attachment {
  const record = new RecordReader(payload)
  return {
    program: record.text(1) ?? '',
    from: [Number(record.u64(2) ?? 0n), Number(record.u64(3) ?? 0n)],
    note: record.bytes(4),
  }
}

export function decodeListed(payload: Buffer): ListedRecord {
  const record = new RecordReader(payload)
  const started = record.u64(5)
  const exit = record.bytes(10)
  const flags = record.u32(3) ?? 0
  const span = (tag: number): [number, number] | undefined =>
    record.bytes(tag) && [Number(record.u64(tag) ?? 0n), Number(record.u64(tag + 1) ?? 0n)]
  return {
    id: record.text(1) ?? '',
    program: record.text(2) ?? '',
    detached: (flags & listedFlag.detached) !== 0,
    pid: record.u32(4),
    startedAt: started === undefined ? undefined : new Date(Number(started / 1_000_000n)),
    stdout: span(6),
    stderr: span(8),
    exit: (flags & listedFlag.ended) !== 0 && exit ? decodeExit(exit) : undefined,
  }
}

export function decodeForgotten(payload: Buffer): number {
  return new RecordReader(payload).u8(1) ?? forgetResult.unknown
}

/** Where output was dropped, and where it goes on. */
export function decodeSkipped(payload: Buffer): { from: number; to: number } {
  if (payload.length !== 16) throw protocolError(`a SKIPPED of ${payload.length} bytes`)
  return { from: Number(payload.readBigUInt64LE(0)), to: Number(payload.readBigUInt64LE(8)) }
}
