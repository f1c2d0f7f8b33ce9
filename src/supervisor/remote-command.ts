import type { ContainersError } from '../errors/containers-error.js'
import type { TerminalSize } from '../model/terminal-size.js'
import { createDeferred, type Deferred } from '../internal/deferred.js'
import type { FrameWriter } from './frame-writer.js'
import { decodeExit, decodeFailure, decodeKilled, encodeTerminal } from './messages.js'
import type { ExitRecord, KillReport, SpawnFailure, SpawnRequest } from './messages.js'
import { decodeAttached, decodeSkipped, type Attachment } from './lookup.js'
import { protocolError } from './protocol-error.js'
import type { NumberOwner } from './question.js'
import { answerType, firstStdinLimit, frameType, stderrChannel, thirdChannel } from './protocol.js'
import type { OutputChannel } from './protocol.js'
import { ReceiveWindow } from './receive-window.js'
import { decodeSecretAnswer, encodeSecret, type SecretRecord } from './secret-frames.js'

/** What happens to a command, in the order of PROTOCOL.md; one of `failed`, `exit`, `lost` comes last. */
export interface RemoteCommandEvents {
  started(): void
  failed(failure: SpawnFailure): void
  data(channel: OutputChannel, bytes: Buffer): void
  ended(channel: OutputChannel): void
  /** More of stdin may be sent. */
  stdinOpen(): void
  stdinClosed(): void
  killed(report: KillReport): void
  /** Secrets have expired and were destroyed: a bit for each file that was sent. */
  secretsExpired?(bits: bigint): void
  /**
   * The answer to ATTACH, in front of everything else; bytes left out at the start are told by `skipped` as well. No
   * output comes before the promise is fulfilled.
   */
  attached?(attachment: Attachment): Promise<void>
  /** So many bytes were dropped before we had them. */
  skipped?(channel: OutputChannel, bytes: number): void
  /** We let go of it, and nothing follows. */
  left?(): void
  exit(record: ExitRecord): void
  lost(error: ContainersError): void
}

/** Half of the smallest spool. */
const spoolStepBytes = 32 * 1024

/** The outputs of a command, and where they begin for us. */
export type Outputs = Pick<SpawnRequest, 'windowBytes' | 'thirdOutput' | 'detached'> & {
  readonly from?: readonly number[]
}

/** Our side of one command on a connection: its windows, and the frames that it sends. */
export class RemoteCommand implements NumberOwner {
  /** By channel, from 1 on. */
  private readonly windows: readonly ReceiveWindow[]
  private stdinSent = 0
  private stdinLimit = firstStdinLimit
  private over = false
  /** Secrets to be replaced, the first of which was sent. */
  private readonly replacing: { readonly payload: Buffer; readonly done: Deferred<number | undefined> }[] = []

  constructor(
    private readonly number: number,
    outputs: Outputs,
    private readonly frames: FrameWriter,
    private readonly events: RemoteCommandEvents,
  ) {
    const { thirdOutput, detached, windowBytes, from } = outputs
    const channels = thirdOutput ? thirdChannel : stderrChannel
    this.windows = Array.from({ length: channels }, (_, index) => {
      return new ReceiveWindow(windowBytes, {
        ...(from && { from: from[index] ?? 0, isOpen: false }),
        ...(detached && { stepBytes: spoolStepBytes }),
      })
    })
  }

  /** Sends a copy of what the window allows, and says how many bytes that were. */
  sendStdin(bytes: Uint8Array): number {
    const size = this.over ? 0 : Math.min(bytes.length, this.stdinLimit - this.stdinSent)
    if (size === 0) return 0
    this.stdinSent += size
    this.frames.data(frameType.data, 0, this.number, size === bytes.length ? bytes : bytes.subarray(0, size))
    return size
  }

  endStdin(): void {
    if (!this.over) this.frames.frame(frameType.end, 0, this.number)
  }

  /** The reader took so many bytes; grants more when half of the window is used up. */
  consumed(channel: OutputChannel, bytes: number): void {
    const window = this.window(channel)
    if (!this.over && window.consume(bytes)) this.grant(channel, window)
  }

  private grant(channel: number, window: ReceiveWindow): void {
    const payload = Buffer.allocUnsafe(16)
    payload.writeBigUInt64LE(BigInt(window.received), 0)
    payload.writeBigUInt64LE(BigInt(window.limit), 8)
    this.frames.frame(frameType.window, channel, this.number, payload)
  }

  kill(signal: number, graceMs: number, cause: number): void {
    if (this.over) return
    const payload = Buffer.allocUnsafe(9)
    payload.writeUInt32LE(signal, 0)
    payload.writeUInt32LE(graceMs, 4)
    payload[8] = cause
    this.frames.frame(frameType.kill, 0, this.number, payload)
  }

  resize(size: TerminalSize): void {
    if (!this.over) this.frames.frame(frameType.resize, 0, this.number, encodeTerminal(size))
  }

  /** Lets go of a detached command: it goes on, and nothing more of it comes. */
  leave(): void {
    if (!this.over) this.frames.frame(frameType.leave, 0, this.number)
    this.over = true
  }

  extend(ms: number): void {
    if (this.over) return
    const payload = Buffer.allocUnsafe(8)
    payload.writeBigUInt64LE(BigInt(ms))
    this.frames.frame(frameType.extend, 0, this.number, payload)
  }

  /** Replaces a secret's file. Resolves with an errno, 0 for done; with nothing when the command ended instead. */
  replaceSecret(secret: SecretRecord): Promise<number | undefined> {
    if (this.over) return Promise.resolve(undefined)
    const done = createDeferred<number | undefined>()
    this.replacing.push({ payload: encodeSecret(secret), done })
    if (this.replacing.length === 1) this.sendSecret()
    return done.promise
  }

  /** A frame of this command; true when it was its last. */
  frame(type: number, channel: number, payload: Buffer): boolean {
    switch (type) {
      case answerType.started:
        this.events.started()
        return false
      case answerType.end:
        this.window(channel).end()
        this.events.ended(channel as OutputChannel)
        return false
      case answerType.window:
        this.openStdin(payload)
        return false
      case answerType.stdinClosed:
        this.events.stdinClosed()
        return false
      case answerType.killed:
        this.events.killed(decodeKilled(payload))
        return false
      case answerType.secret:
        this.secretNews(payload)
        return false
      case answerType.attached:
        this.attached(decodeAttached(payload))
        return false
      case answerType.skipped:
        this.skipTo(channel, decodeSkipped(payload).to, true)
        return false
      case answerType.left:
        this.events.left?.()
        return true
      case answerType.failed:
        this.end()
        this.events.failed(decodeFailure(payload))
        return true
      case answerType.exit:
        this.end()
        this.events.exit(decodeExit(payload))
        return true
      default:
        throw protocolError(`a frame of the unknown type 0x${type.toString(16)}`)
    }
  }

  data(channel: number, bytes: Buffer): void {
    this.window(channel).receive(bytes.length)
    this.events.data(channel as OutputChannel, bytes)
  }

  lost(error: ContainersError): void {
    this.end()
    this.events.lost(error)
  }

  private end(): void {
    this.over = true
    for (const { done } of this.replacing.splice(0)) done.resolve(undefined)
  }

  private sendSecret(): void {
    const [first] = this.replacing
    if (first) this.frames.frame(frameType.secret, 0, this.number, first.payload)
  }

  private secretNews(payload: Buffer): void {
    const { errno, expired } = decodeSecretAnswer(payload)
    if (expired > 0n) this.events.secretsExpired?.(expired)
    if (errno === undefined) return
    this.replacing.shift()?.done.resolve(errno)
    this.sendSecret()
  }

  private attached(attachment: Attachment): void {
    const ready = Promise.resolve(this.events.attached?.(attachment))
    for (const [index, offset] of attachment.from.entries()) this.skipTo(index + 1, offset, false)
    // Whoever waits for this must have the handle, and may have begun to listen, before the first byte comes.
    void ready.then(() => setImmediate(() => this.open()))
  }

  private open(): void {
    if (this.over) return
    for (const [index, window] of this.windows.entries()) {
      window.open()
      this.grant(index + 1, window)
    }
  }

  private skipTo(channel: number, offset: number, grants: boolean): void {
    const window = this.window(channel)
    const bytes = window.skipTo(offset)
    if (bytes === 0) return
    this.events.skipped?.(channel as OutputChannel, bytes)
    if (window.consume(bytes) && grants) this.grant(channel, window)
  }

  private openStdin(payload: Buffer): void {
    if (payload.length !== 16) throw protocolError(`a window of ${payload.length} bytes`)
    const limit = Number(payload.readBigUInt64LE(8))
    if (limit <= this.stdinLimit) return
    this.stdinLimit = limit
    this.events.stdinOpen()
  }

  private window(channel: number): ReceiveWindow {
    const window = this.windows[channel - 1]
    if (!window) throw protocolError(`output on channel ${channel}`)
    return window
  }
}
