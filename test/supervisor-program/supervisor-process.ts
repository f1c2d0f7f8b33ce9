import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import {
  decodeRecord,
  encodeFrame,
  encodeRecord,
  FrameReader,
  FrameType,
  numberOf,
  u16,
  u32,
  u64,
  u8,
  type Field,
  type Frame,
} from './codec.js'

const built = fileURLToPath(
  new URL(`../../dist/supervisor/anyon-supervisor-linux-${process.arch}`, import.meta.url),
)

/** The program under test: another build of it may be chosen, the sanitized one for example. */
const supervisorBinary = process.env['ANYON_SUPERVISOR_BINARY'] ?? built

export interface SpawnRequest {
  argv: readonly (string | Buffer)[]
  env?: readonly (string | Buffer)[]
  cwd?: string
  user?: string
  flags?: number
  timeoutMs?: number
  idleTimeoutMs?: number
  graceMs?: number
  path?: string
  window?: number
  terminal?: readonly [columns: number, rows: number]
  secrets?: readonly Secret[]
  id?: string
  /** Fields of the spool's record. */
  spool?: readonly Field[]
  note?: Buffer
}

/** A nested record of tag 14. */
export interface Secret {
  name?: string
  mode?: number
  bytes?: Buffer
  lastsMs?: number
  fileVariable?: string
  folderVariable?: string
}

export interface Ended {
  pid: number | undefined
  stdout: Buffer
  stderr: Buffer
  failure: { stage: number; error: number; text: string } | undefined
  status: number | undefined
  code: number | undefined
  signal: number | undefined
  cause: number | undefined
  requested: number | undefined
  killed: number | undefined
  survivors: number
  verified: number | undefined
  oomKills: number | undefined
  pausedMs: number | undefined
  secretsGone: number | undefined
  killedAnswer: { verified: number | undefined; killed: number | undefined } | undefined
  fields: Field[]
  types: number[]
}

export function spawnRecord(request: SpawnRequest): Buffer {
  const fields: Field[] = []
  for (const argument of request.argv) fields.push([1, Buffer.from(argument as string)])
  for (const entry of request.env ?? []) fields.push([2, Buffer.from(entry as string)])
  if (request.cwd !== undefined) fields.push([3, Buffer.from(request.cwd)])
  if (request.user !== undefined) fields.push([4, Buffer.from(request.user)])
  fields.push([5, u32(request.flags ?? 0)])
  if (request.timeoutMs !== undefined) fields.push([6, u64(request.timeoutMs)])
  if (request.graceMs !== undefined) fields.push([7, u32(request.graceMs)])
  if (request.path !== undefined) fields.push([8, Buffer.from(request.path)])
  fields.push([9, u32(request.window ?? 1 << 30)])
  if (request.idleTimeoutMs !== undefined) fields.push([11, u64(request.idleTimeoutMs)])
  if (request.terminal) fields.push([12, Buffer.concat(request.terminal.map(u16))])
  if (request.spool) fields.push([13, encodeRecord(request.spool)])
  if (request.note) fields.push([15, request.note])
  if (request.id !== undefined) fields.push([10, Buffer.from(request.id)])
  for (const secret of request.secrets ?? []) fields.push([14, secretRecord(secret)])
  return encodeRecord(fields)
}

export function secretRecord(secret: Secret): Buffer {
  const fields: Field[] = []
  if (secret.name !== undefined) fields.push([1, Buffer.from(secret.name)])
  if (secret.mode !== undefined) fields.push([2, u32(secret.mode)])
  if (secret.bytes !== undefined) fields.push([3, secret.bytes])
  if (secret.lastsMs !== undefined) fields.push([4, u64(secret.lastsMs)])
  if (secret.fileVariable !== undefined) fields.push([5, Buffer.from(secret.fileVariable)])
  if (secret.folderVariable !== undefined) fields.push([6, Buffer.from(secret.folderVariable)])
  return encodeRecord(fields)
}

type Listener = (frame: Frame) => boolean

export interface Streams {
  readonly input: Writable
  readonly output: Readable
  /** Resolves when the other side is gone. */
  readonly closed: Promise<unknown>
}

/** The host's side of one connection, every frame that came kept. */
export class Peer {
  readonly frames: Frame[] = []
  readonly closed: Promise<unknown>
  readonly #input: Writable
  readonly #reader = new FrameReader()
  readonly #listeners = new Set<Listener>()
  #number = 0
  stderr = ''

  constructor({ input, output, closed }: Streams) {
    this.#input = input.on('error', () => undefined)
    this.closed = closed
    output.on('data', (bytes: Buffer) => {
      for (const frame of this.#reader.push(bytes)) this.#take(frame)
    })
  }

  /** The fields of the supervisor's HELLO, after which ours is sent. */
  async greet(): Promise<Field[]> {
    const frame = await this.next((one) => one.type === FrameType.hostHello)
    this.write(encodeFrame(FrameType.hello, 0, hello()))
    return decodeRecord(frame.payload)
  }

  write(bytes: Buffer): void {
    this.#input.write(bytes)
  }

  end(bytes?: Buffer): void {
    this.#input.end(bytes)
  }

  send(type: number, command: number, payload?: Buffer, channel?: number): void {
    this.write(encodeFrame(type, command, payload, channel))
  }

  /** The number of the command that was asked for. */
  spawn(request: SpawnRequest, after: readonly Buffer[] = []): number {
    const number = ++this.#number
    this.write(Buffer.concat([encodeFrame(FrameType.spawn, number, spawnRecord(request)), ...after]))
    return number
  }

  /** A number that is not in use, for a frame that takes one. */
  number(): number {
    return ++this.#number
  }

  kill(command: number, signal = 15, graceMs = 1000, cause = 1): void {
    this.send(FrameType.kill, command, Buffer.concat([u32(signal), u32(graceMs), u8(cause)]))
  }

  resize(command: number, columns: number, rows: number): void {
    this.send(FrameType.resize, command, Buffer.concat([u16(columns), u16(rows)]))
  }

  grant(command: number, channel: number, received: number, limit: number): void {
    this.send(FrameType.window, command, Buffer.concat([u64(received), u64(limit)]), channel)
  }

  next(matches: Listener, timeoutMs = 20_000): Promise<Frame> {
    const known = this.frames.find(matches)
    if (known) return Promise.resolve(known)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#listeners.delete(listener)
        const seen = this.frames.map((frame) => frame.type.toString(16)).slice(-20)
        reject(new Error(`the expected frame did not come; the last were: ${seen.join(' ')} ${this.stderr}`))
      }, timeoutMs)
      const listener: Listener = (frame) => {
        if (!matches(frame)) return false
        clearTimeout(timer)
        resolve(frame)
        return true
      }
      this.#listeners.add(listener)
    })
  }

  async ended(command: number): Promise<Ended> {
    const last: readonly number[] = [FrameType.exit, FrameType.failed]
    await this.next((frame) => frame.command === command && last.includes(frame.type))
    return describe(this.frames.filter((frame) => frame.command === command))
  }

  /** Spawns with all its stdin at once, and waits for the end. */
  run(request: SpawnRequest, stdin?: Buffer): Promise<Ended> {
    if (stdin === undefined) return this.ended(this.spawn(request))
    const number = this.#number + 1
    const after = [encodeFrame(FrameType.data, number, stdin), encodeFrame(FrameType.end, number)]
    return this.ended(this.spawn({ ...request, flags: (request.flags ?? 0) | 1 }, after))
  }

  output(command: number, channel: number): Buffer {
    return outputOf(this.frames, command, channel)
  }

  /** Ends the stream, as a host that goes away does. */
  async close(): Promise<unknown> {
    this.end()
    return this.closed
  }

  #take(frame: Frame): void {
    this.frames.push(frame)
    for (const listener of [...this.#listeners]) if (listener(frame)) this.#listeners.delete(listener)
  }
}

/** A supervisor as a child of ours. */
export class SupervisorProcess extends Peer {
  readonly child: ChildProcessWithoutNullStreams

  constructor(command: readonly string[] = [supervisorBinary, 'stdio']) {
    if (!existsSync(supervisorBinary))
      throw new Error(`${supervisorBinary}: build it: npm run build:supervisor`)
    const child = spawn(command[0] as string, command.slice(1))
    super({
      input: child.stdin,
      output: child.stdout,
      closed: new Promise((resolve) => child.on('close', resolve)),
    })
    this.child = child
    child.stderr.on('data', (bytes: Buffer) => (this.stderr += bytes.toString()))
  }

  static async open(command?: readonly string[]): Promise<SupervisorProcess> {
    const supervisor = new SupervisorProcess(command)
    await supervisor.greet()
    return supervisor
  }
}

export function hello(highest = 2, lowest = 1): Buffer {
  return encodeRecord([
    [1, u32(highest)],
    [2, u32(lowest)],
  ])
}

function outputOf(frames: readonly Frame[], command: number, channel: number): Buffer {
  const mine = frames.filter(
    (frame) => frame.command === command && frame.type === FrameType.output && frame.channel === channel,
  )
  return Buffer.concat(mine.map((frame) => frame.payload))
}

function failureOf(frames: readonly Frame[]): Ended['failure'] {
  const frame = frames.find((one) => one.type === FrameType.failed)
  if (!frame) return undefined
  const fields = decodeRecord(frame.payload)
  const text = fields.find(([tag]) => tag === 3)?.[1].toString() ?? ''
  return { stage: numberOf(fields, 1) ?? 0, error: numberOf(fields, 2) ?? 0, text }
}

function killedOf(frames: readonly Frame[]): Ended['killedAnswer'] {
  const frame = frames.find((one) => one.type === FrameType.killed)
  if (!frame) return undefined
  const fields = decodeRecord(frame.payload)
  return { verified: numberOf(fields, 2), killed: numberOf(fields, 3) }
}

function describe(frames: readonly Frame[]): Ended {
  const command = frames[0]?.command ?? 0
  const exit = frames.find((frame) => frame.type === FrameType.exit)
  const started = frames.find((frame) => frame.type === FrameType.started)
  const fields = exit ? decodeRecord(exit.payload) : []
  const failed = decodeRecord(
    frames.find((frame) => frame.type === FrameType.failed)?.payload ?? Buffer.alloc(0),
  )
  const status = numberOf(fields, 1)
  const exited = status !== undefined && (status & 0x7f) === 0
  return {
    pid: started && numberOf(decodeRecord(started.payload), 1),
    stdout: outputOf(frames, command, 1),
    stderr: outputOf(frames, command, 2),
    failure: failureOf(frames),
    status,
    code: exited ? status >> 8 : undefined,
    signal: status !== undefined && !exited ? status & 0x7f : undefined,
    cause: numberOf(fields, 2),
    requested: numberOf(fields, 3),
    killed: numberOf(fields, 9),
    survivors: fields.filter(([tag]) => tag === 10).length,
    verified: numberOf(fields, 11),
    oomKills: numberOf(fields, 12),
    pausedMs: numberOf(fields, 13),
    secretsGone: numberOf(fields.length > 0 ? fields : failed, 14),
    killedAnswer: killedOf(frames),
    fields,
    types: frames.map((frame) => frame.type),
  }
}
