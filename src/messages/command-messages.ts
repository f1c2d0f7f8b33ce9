import { invalidOption } from '../errors/invalid-option.js'
import type { Message, MessageGap, OutputMessage, StoredMessage } from '../ports/message-store.js'
import { Fifo } from './fifo.js'

/** What the objects around a message's bytes take, roughly. */
const overheadBytes = 256

/** The messages of one command, the oldest of which may be gone. */
export class CommandMessages {
  bytes = 0
  /** The sequence number of the last message that was added. */
  last = 0
  /** Nothing comes any more. */
  isOver = false
  private readonly kept = new Fifo<{ readonly message: StoredMessage; readonly arrival: number }>()
  /** Where the next message of a stream begins: one that begins before it was added already. */
  private readonly next = { stdout: 0, stderr: 0 }

  constructor(readonly commandId: string) {}

  /** When the oldest message that is left came. */
  get oldestArrival(): number {
    return this.kept.at(0)?.arrival ?? Infinity
  }

  /** Adds a message unless it is there, or was. `arrival` is larger than that of any message before. */
  add(message: Message, arrival: number): boolean {
    if (message.type === 'end') {
      if (this.isOver) return false
      this.isOver = true
    } else {
      if (this.isKnown(message)) return false
      if (this.isOver)
        throw invalidOption('message', 'must not come after the end of its command', message.type)
      this.next[message.stream] = message.offset + message.bytes.length
    }
    // The caller may use its bytes again.
    const own = message.type === 'end' ? message : { ...message, bytes: Uint8Array.from(message.bytes) }
    this.kept.push({ message: { ...own, sequence: ++this.last }, arrival })
    this.bytes += sizeOf(message)
    return true
  }

  /** The message with that number, the gap that it is lost in, or nothing when it is still to come. */
  at(sequence: number): StoredMessage | MessageGap | undefined {
    if (sequence > this.last) return undefined
    const first = this.last - this.kept.length + 1
    const kept = this.kept.at(sequence - first)
    return kept?.message ?? { type: 'gap', commandId: this.commandId, from: sequence, to: first - 1 }
  }

  /** Drops the oldest message and says how many bytes that gives back. */
  drop(): number {
    const dropped = this.kept.shift()
    const size = dropped ? sizeOf(dropped.message) : 0
    this.bytes -= size
    return size
  }

  private isKnown({ stream, offset, bytes }: OutputMessage): boolean {
    if (!Number.isSafeInteger(offset) || offset < 0) {
      throw invalidOption('offset', 'must be a whole number from 0', offset)
    }
    return bytes.length === 0 || offset < this.next[stream]
  }
}

function sizeOf(message: Message): number {
  return overheadBytes + (message.type === 'output' ? message.bytes.length : 0)
}
