import type { Duplex } from 'node:stream'
import { createDemuxer } from '../../streaming/demux.js'
import { FirstWords } from '../first-words.js'
import { streamTransport, type Transport, type TransportSink } from '../../supervisor/transport.js'

/** The transport over the stream of an exec or an attach, without the engine's own framing. */
export function execTransport(stream: Duplex): {
  transport: Transport
  /** What the program said on stderr. */
  said(): string
} {
  const stderr = new FirstWords()
  const unwrap = (sink: TransportSink): TransportSink => {
    const demuxer = createDemuxer({
      onStdout: (bytes) => sink.data(bytes),
      onStderr: (bytes) => stderr.push(bytes),
      onSystemError: (error) => sink.end(error),
    })
    return {
      data(bytes) {
        try {
          demuxer.push(bytes)
        } catch (error) {
          sink.end(error as Error)
        }
      },
      end(error) {
        try {
          if (!error) demuxer.end()
          sink.end(error)
        } catch (torn) {
          sink.end(torn as Error)
        }
      },
    }
  }
  return {
    transport: streamTransport(stream, stream, { unwrap }),
    said: () => stderr.text,
  }
}
