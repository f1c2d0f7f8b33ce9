import type { Readable, Writable } from 'node:stream'

/** What a transport tells its connection. */
export interface TransportSink {
  data(bytes: Uint8Array): void
  /** The peer's end, or the transport's; called once. `error` when it was not an orderly end. */
  end(error?: Error): void
}

/** Bytes to and from a supervisor, whatever carries them. */
export interface Transport {
  /** Says who listens; called once. Nothing that came before is lost. */
  open(sink: TransportSink): void
  /** Writes the pieces in order. What waits unsent is bounded by the protocol's windows, not here. */
  write(pieces: readonly Uint8Array[]): void
  /** Our end-of-file; the peer's bytes still arrive. */
  end(): void
  destroy(): void
  /** Whether an open transport keeps the process alive. */
  hold(keepAlive: boolean): void
}

/** Something like a socket or a child process, which can let the process end though it is open. */
export interface Holder {
  ref?(): unknown
  unref?(): unknown
}

/** Pieces up to this size in all are copied into one, which is cheaper than a vectored write. */
const joinBytes = 16 * 1024

/** A transport over Node streams: one duplex, or the two ends of a child process. */
export function streamTransport(
  readable: Readable,
  writable: Writable,
  options: {
    /** Takes the carrier's own framing off; the bytes come back through `sink`. */
    unwrap?: (sink: TransportSink) => TransportSink
    /** What keeps the process alive while it is open. Default: the streams. */
    holders?: readonly Holder[]
  } = {},
): Transport {
  let inner: TransportSink | undefined
  let ending: { readonly error: Error | undefined } | undefined
  const finish = (error?: Error) => {
    if (ending) return
    ending = { error }
    inner?.end(error)
  }
  // From the start: an error that nobody listens for would end the process, and a stream closes once.
  readable.once('close', () => finish())
  readable.on('error', finish)
  writable.on('error', finish)
  return {
    open(sink) {
      const to = options.unwrap?.(sink) ?? sink
      inner = to
      if (ending) {
        const { error } = ending
        return queueMicrotask(() => to.end(error)) // whoever opens it is not ready yet
      }
      readable.on('data', (bytes: Buffer) => to.data(bytes))
      readable.once('end', () => finish())
    },
    write(pieces) {
      if (writable.destroyed || writable.writableEnded) return
      const only = pieces.length === 1 ? pieces[0] : joined(pieces)
      if (only) writable.write(only)
      else {
        writable.cork()
        for (const piece of pieces) writable.write(piece)
        writable.uncork()
      }
    },
    end: () => void writable.end(),
    destroy() {
      readable.destroy()
      writable.destroy()
    },
    hold(keepAlive) {
      for (const holder of options.holders ?? new Set<Holder>([readable as Holder, writable as Holder])) {
        if (keepAlive) holder.ref?.()
        else holder.unref?.()
      }
    },
  }
}

function joined(pieces: readonly Uint8Array[]): Buffer | undefined {
  let length = 0
  for (const piece of pieces) if ((length += piece.length) > joinBytes) return undefined
  return Buffer.concat(pieces, length)
}
