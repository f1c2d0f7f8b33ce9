import type { Readable, Writable } from 'node:stream'
import { ContainersError } from '../errors/containers-error.js'
import { createDeferred } from '../internal/deferred.js'
import { collect } from '../streaming/collect.js'
import type { MessageStore } from '../ports/message-store.js'
import { splitLines } from '../streaming/split-lines.js'
import { checkTerminalSize, type TerminalSize } from '../model/terminal-size.js'
import type { Command, OutputLine } from './command.js'
import type { CommandExit, DescendantsReport } from './command-exit.js'
import type { KillOptions, WaitForLogOptions, WaitForPortOptions } from './command-options.js'
import type { CommandOutputs } from './output-plan.js'
import { record, type Recording, type RecordOptions } from './recording.js'
import { waitForLog } from './wait-for-log.js'

/** What a place does for a handle. */
export interface CommandControl {
  kill(options: KillOptions): Promise<DescendantsReport>
  extendTimeout(ms: number): void
  /** Absent where the command has no terminal. */
  readonly resize?: ((size: TerminalSize) => void) | undefined
  /** Absent where the place cannot tell. */
  waitForPort?(port: number, options: WaitForPortOptions): Promise<void>
  /** Only where commands can be given secrets. */
  rotateSecret?(name: string): Promise<void>
  /** Lets go of the command, where that is not to kill it. */
  letGo?(): Promise<unknown>
}

/** The handle of a command; whoever runs the command feeds it. */
export class CommandHandle implements Command {
  readonly stdout: Readable
  readonly stderr: Readable
  private readonly start = createDeferred<void>()
  private readonly end = createDeferred<CommandExit>()
  private ended = false

  constructor(
    readonly id: string,
    readonly argv: readonly string[],
    readonly stdin: Writable,
    private readonly streams: CommandOutputs,
    private readonly control: CommandControl,
  ) {
    this.stdout = streams.stdout.readable
    this.stderr = streams.stderr.readable
    // Nobody has to listen to it.
    this.start.promise.catch(() => {})
  }

  get started(): Promise<void> {
    return this.start.promise
  }

  get exit(): Promise<CommandExit> {
    return this.end.promise
  }

  async *lines(stream: 'stdout' | 'stderr' = 'stdout'): AsyncGenerator<string, void, undefined> {
    for await (const line of this.outputLines(stream)) yield line.text
  }

  outputLines(stream: 'stdout' | 'stderr' = 'stdout'): AsyncGenerator<OutputLine, void, undefined> {
    const { maxLineBytes } = this.streams
    return splitLines(this.streams[stream].readable, maxLineBytes === undefined ? {} : { maxLineBytes })
  }

  async text(stream: 'stdout' | 'stderr' = 'stdout', options: { maxBytes?: number } = {}): Promise<string> {
    return (await collect(this.streams[stream].readable, options)).text
  }

  recordTo(store: MessageStore, options: RecordOptions = {}): Recording {
    return record(this.id, this.streams, this.exit, store, options)
  }

  async kill(options: KillOptions = {}): Promise<DescendantsReport> {
    return this.control.kill(options)
  }

  extendTimeout(ms: number): void {
    this.control.extendTimeout(ms)
  }

  resize(size: TerminalSize): void {
    const checked = checkTerminalSize('size', size)
    const program = JSON.stringify(this.argv[0])
    if (this.ended) {
      throw new ContainersError('COMMAND_ENDED', `${program} has ended, so its terminal cannot be resized.`)
    }
    if (!this.control.resize) {
      throw new ContainersError(
        'NOT_SUPPORTED',
        `${program} has no terminal that could be resized. Spawn it with the option terminal.`,
      )
    }
    this.control.resize(checked)
  }

  async waitForPort(port: number, options: WaitForPortOptions = {}): Promise<void> {
    if (!this.control.waitForPort) throw portsNotSupported()
    await this.control.waitForPort(port, options)
  }

  async waitForLog(pattern: string | RegExp, options: WaitForLogOptions = {}): Promise<string> {
    return waitForLog(this, this.streams, pattern, options)
  }

  async rotateSecret(name: string): Promise<void> {
    if (this.control.rotateSecret) return this.control.rotateSecret(name)
    throw new ContainersError('NOT_SUPPORTED', 'Commands that run here are given no secrets.')
  }

  async close(): Promise<void> {
    if (!this.ended) await (this.control.letGo?.() ?? this.control.kill({}))
    await this.end.promise
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** For whoever runs it: the process runs. */
  markStarted(): void {
    this.start.resolve()
  }

  /** For whoever runs it: how it ended, and why it never ran if it did not. The first call counts. */
  settle(exit: CommandExit, neverRan?: Error): void {
    if (this.ended) return
    this.ended = true
    if (neverRan) this.start.reject(neverRan)
    else this.start.resolve()
    this.streams.stdout.end()
    this.streams.stderr.end()
    this.end.resolve(exit)
  }

  get isSettled(): boolean {
    return this.ended
  }
}

function portsNotSupported(): ContainersError {
  const message =
    'Only a supervisor can tell who listens at a port, and none runs here. Use waitForLog, or connect to it.'
  return new ContainersError('NOT_SUPPORTED', message)
}
