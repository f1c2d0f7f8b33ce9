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
  return {
    open(sink) {
      const inner = options.unwrap?.(sink) ?? sink
      let over = false
      const finish = (error?: Error) => {
        if (over) return
        over = true
        inner.end(error)
      }
      readable.on('data', (bytes: Buffer) => inner.data(bytes))
      readable.once('end', () => finish())
      readable.once('close', () => finish())
      readable.on('error', finish)
      writable.on('error', finish)
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
