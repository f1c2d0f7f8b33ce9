import { EventEmitter, once } from 'node:events'
import { PassThrough } from 'node:stream'
import Docker from 'dockerode'
import { loadSource } from './support/load-source.mjs'

const FRAME_BYTES = 100
const CHUNK_BYTES = 64 * 1024
const STREAM_BYTES = 1024 * 1024
/** So often ours takes the same stream apart, so that its time can be measured. */
const REPEATS = 32

export const name = 'demux'
export const unit = 'MB/s'
export const rounds = 11
export const bars = [
  { what: '100-byte frames, demultiplexer alone', against: 'dockerode', atLeast: 30 },
  { what: '100-byte frames, through Node streams', of: 'our streams', against: 'dockerode, streams' },
]

export async function contenders() {
  const { createDemuxer, demuxStream } = await loadSource(
    'src/streaming/demux.ts',
    'src/streaming/demux-stream.ts',
  )
  const { chunks, payloadBytes } = stream()
  const { modem } = new Docker({ socketPath: '/nowhere' })
  const rate = (times, counted, startedAt) => {
    if (counted !== times * payloadBytes) throw new Error(`got ${counted} bytes of ${times * payloadBytes}`)
    return (times * payloadBytes) / 1e3 / (performance.now() - startedAt)
  }

  return {
    ours() {
      let counted = 0
      const count = (bytes) => (counted += bytes.length)
      const startedAt = performance.now()
      for (let n = 0; n < REPEATS; n++) {
        const demuxer = createDemuxer({ onStdout: count, onStderr: count, onSystemError: count })
        for (const chunk of chunks) demuxer.push(chunk)
        demuxer.end()
      }
      return rate(REPEATS, counted, startedAt)
    },
    dockerode() {
      let counted = 0
      const sink = { write: (bytes) => (counted += bytes.length) }
      const startedAt = performance.now()
      const source = new EventEmitter()
      modem.demuxStream(source, sink, sink)
      for (const chunk of chunks) source.emit('data', chunk)
      return rate(1, counted, startedAt)
    },
    async 'our streams'() {
      let counted = 0
      const startedAt = performance.now()
      for (let n = 0; n < REPEATS; n++) {
        const source = new PassThrough()
        const { stdout, stderr } = demuxStream(source)
        for (const output of [stdout, stderr]) output.on('data', (bytes) => (counted += bytes.length))
        const ended = Promise.all([once(stdout, 'end'), once(stderr, 'end')])
        for (const chunk of chunks) if (!source.write(chunk)) await once(source, 'drain')
        source.end()
        await ended
      }
      return rate(REPEATS, counted, startedAt)
    },
    async 'dockerode, streams'() {
      let counted = 0
      const startedAt = performance.now()
      const [source, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
      modem.demuxStream(source, stdout, stderr)
      for (const output of [stdout, stderr]) output.on('data', (bytes) => (counted += bytes.length))
      const ended = once(source, 'end')
      for (const chunk of chunks) if (!source.write(chunk)) await once(source, 'drain')
      source.end()
      await ended
      while (counted < payloadBytes) await new Promise(setImmediate)
      return rate(1, counted, startedAt)
    },
  }
}

/** Frames of stdout, each fourth of stderr, in the chunks that a socket gives. */
function stream() {
  const frames = Math.floor(STREAM_BYTES / FRAME_BYTES)
  const bytes = Buffer.alloc(frames * (8 + FRAME_BYTES), 'x')
  for (let n = 0; n < frames; n++) {
    const at = n * (8 + FRAME_BYTES)
    bytes.writeUInt32BE(n % 4 === 3 ? 0x02000000 : 0x01000000, at)
    bytes.writeUInt32BE(FRAME_BYTES, at + 4)
  }
  const chunks = []
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) chunks.push(bytes.subarray(at, at + CHUNK_BYTES))
  return { chunks, payloadBytes: frames * FRAME_BYTES }
}
