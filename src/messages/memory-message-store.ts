import { invalidOption } from '../errors/invalid-option.js'
import { abortedError, throwIfAborted } from '../internal/abort.js'
import type { Message, MessageGap, MessageStore, StoredMessage } from '../ports/message-store.js'
import { CommandMessages } from './command-messages.js'

/** Options of {@link MemoryMessageStore}. */
export interface MemoryMessageStoreOptions {
  /** Bytes kept of one command. Default: 8 MiB. */
  maxCommandBytes?: number
  /** Bytes kept of all commands together. Default: 64 MiB. */
  maxBytes?: number
  /** Commands of which anything is kept; beyond it the first that is over is forgotten, else the first. Default: 1,000. */
  maxCommands?: number
}

/** What `read` and `follow` take. */
export interface ReadOptions {
  readonly from?: number
  readonly signal?: AbortSignal
}

/**
 * A {@link MessageStore} in the memory of this process, and bounded: beyond a bound the oldest messages go, and whoever
 * asks for them is told of the gap. A message counts 256 bytes beside its own.
 */
export class MemoryMessageStore implements MessageStore {
  private readonly maxCommandBytes: number
  private readonly maxBytes: number
  private readonly maxCommands: number
  /** In the order in which they were first heard of. */
  private readonly commands = new Map<string, CommandMessages>()
  private readonly followers = new Map<string, Set<() => void>>()
  private arrivals = 0
  private bytes = 0

  /** Throws `INVALID_OPTION`. */
  constructor(options: MemoryMessageStoreOptions = {}) {
    this.maxCommandBytes = bound('maxCommandBytes', options.maxCommandBytes ?? 8 * 1024 * 1024)
    this.maxBytes = bound('maxBytes', options.maxBytes ?? 64 * 1024 * 1024)
    this.maxCommands = bound('maxCommands', options.maxCommands ?? 1_000)
  }

  async append(message: Message, options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    throwIfAborted('Appending a message', options.signal)
    const command = this.commands.get(message.commandId) ?? this.begin(message.commandId)
    const before = command.bytes
    if (!command.add(message, this.arrivals++)) return
    this.bytes += command.bytes - before
    while (command.bytes > this.maxCommandBytes) this.bytes -= command.drop()
    while (this.bytes > this.maxBytes) this.bytes -= this.oldest().drop()
    this.wake(message.commandId)
  }

  async *read(commandId: string, options: ReadOptions = {}): AsyncGenerator<StoredMessage | MessageGap> {
    const command = this.commands.get(commandId)
    // What comes while the reader is slow is not for this call.
    const last = command?.last ?? 0
    let from = start(options.from)
    while (from <= last) {
      throwIfAborted('Reading messages', options.signal)
      const next = command?.at(from)
      if (next === undefined) return
      yield next.type === 'gap' ? { ...next, to: Math.min(next.to, last) } : next
      from = after(next)
    }
  }

  async *follow(commandId: string, options: ReadOptions = {}): AsyncGenerator<StoredMessage | MessageGap> {
    let from = start(options.from)
    let command: CommandMessages | undefined
    for (;;) {
      throwIfAborted('Following messages', options.signal)
      // Once found it is held on to: it may be forgotten meanwhile.
      command ??= this.commands.get(commandId)
      const next = command?.at(from)
      if (next) {
        yield next
        from = after(next)
      } else {
        if (command?.isOver) return
        await this.news(commandId, options.signal)
      }
    }
  }

  private begin(commandId: string): CommandMessages {
    if (this.commands.size === this.maxCommands) this.forget()
    const command = new CommandMessages(commandId)
    this.commands.set(commandId, command)
    return command
  }

  private forget(): void {
    const all = [...this.commands.values()]
    const victim = all.find((command) => command.isOver) ?? all[0]
    if (victim === undefined) return
    while (victim.bytes > 0) this.bytes -= victim.drop()
    victim.isOver = true
    this.commands.delete(victim.commandId)
    this.wake(victim.commandId)
  }

  /** The command with the oldest message of all. There are few commands, and many messages. */
  private oldest(): CommandMessages {
    return [...this.commands.values()].reduce((a, b) => (b.oldestArrival < a.oldestArrival ? b : a))
  }

  private wake(commandId: string): void {
    for (const wake of this.followers.get(commandId) ?? []) wake()
  }

  /** Resolves when something of the command was added. */
  private news(commandId: string, signal: AbortSignal | undefined): Promise<void> {
    const followers = this.followers.get(commandId) ?? new Set()
    this.followers.set(commandId, followers)
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        signal?.removeEventListener('abort', onAbort)
        followers.delete(wake)
        if (followers.size === 0) this.followers.delete(commandId)
      }
      const wake = (): void => {
        leave()
        resolve()
      }
      const onAbort = (): void => {
        leave()
        if (signal) reject(abortedError('Following messages', signal))
      }
      followers.add(wake)
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }
}

function after(message: StoredMessage | MessageGap): number {
  return (message.type === 'gap' ? message.to : message.sequence) + 1
}

function start(from = 1): number {
  if (Number.isSafeInteger(from) && from >= 1) return from
  throw invalidOption('from', 'must be a whole number from 1', from)
}

function bound(option: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value
  throw invalidOption(option, 'must be a whole number from 1', value)
}
