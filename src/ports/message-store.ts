/** What a command wrote, from byte `offset` of a stream on. */
export interface OutputMessage {
  readonly type: 'output'
  readonly commandId: string
  readonly stream: 'stdout' | 'stderr'
  /** Of its first byte, counted from the start of the stream. */
  readonly offset: number
  readonly bytes: Uint8Array
}

/** The command is over; nothing of it comes after this. */
export interface EndMessage {
  readonly type: 'end'
  readonly commandId: string
  /** How it ended, as plain data: a `CommandExit`. */
  readonly exit: Readonly<Record<string, unknown>>
}

export type Message = OutputMessage | EndMessage

/** A message with its place among those of its command: 1 for the first, and so on without a hole. */
export type StoredMessage = Message & { readonly sequence: number }

/** Messages that the store no longer has: `from` to `to`, both included. */
export interface MessageGap {
  readonly type: 'gap'
  readonly commandId: string
  readonly from: number
  readonly to: number
}

/**
 * Keeps the output of commands, for people who come later or again. Check one of your own with
 * `messageStoreCases` of `@anyon/containers/testing`.
 */
export interface MessageStore {
  /**
   * Adds a message behind those of its command; when it resolves, the message is there to be read. The bytes are the
   * store's own from the call on or copied during it. Idempotent: a message that was added before, told by command,
   * stream and offset, changes nothing, so that a call that failed halfway can be made again. The messages of one
   * stream come in the order of their offsets, one at a time.
   */
  append(message: Message, options?: { readonly signal?: AbortSignal }): Promise<void>
  /** What is there now, from the sequence number on (default: 1). */
  read(
    commandId: string,
    options?: { readonly from?: number; readonly signal?: AbortSignal },
  ): AsyncIterable<StoredMessage | MessageGap>
  /**
   * What is there from the sequence number on (default: 1), then what comes, each message once. Ends after the
   * `end` message. Messages that were dropped before they could be given are reported as a gap. Rejects with `ABORTED`
   * when `signal` is aborted.
   */
  follow(
    commandId: string,
    options?: { readonly from?: number; readonly signal?: AbortSignal },
  ): AsyncIterable<StoredMessage | MessageGap>
}
