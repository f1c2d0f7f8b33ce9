import { once } from 'node:events'
import { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { openWorkbench } from './support/workbench.mjs'

const CHUNK = Buffer.alloc(64 * 1024, 'x')
const CHUNKS = 16 * 1024
const BYTES = CHUNK.length * CHUNKS
/** 1 GiB; the last bytes tell whether all of it came. */
const PRODUCER = ['sh', '-c', `dd if=/dev/zero bs=65536 count=${CHUNKS} 2>/dev/null; echo -n end`]
const CONSUMER = ['wc', '-c']

export const name = 'streams'
export const unit = 'MB/s'
export const rounds = 3
export const bars = [
  { what: '1 GiB of stdout', against: 'raw exec stream', atLeast: 0.9 },
  // Which nobody can use as it is, stdout and stderr being mixed in it: how far there is still to go.
  { what: '1 GiB of stdout', against: 'bare socket' },
  { what: '1 GiB of stdin', of: 'our stdin', against: 'raw exec stdin', atLeast: 0.9 },
]

let bench

export async function contenders() {
  bench = await openWorkbench()
  const { docker } = bench
  const { container, runner } = await bench.container()
  const exec = async (Cmd, stdin) => {
    const options = { Cmd, AttachStdin: stdin, AttachStdout: true, AttachStderr: true }
    const stream = await (
      await docker.getContainer(container.id).exec(options)
    ).start({ hijack: true, stdin })
    bench.onClose(async () => stream.destroy())
    return stream
  }
  return {
    async ours() {
      const startedAt = performance.now()
      const command = runner.spawn(PRODUCER)
      const seen = await count(command.stdout)
      const exit = await command.exit
      if (!exit.succeeded) throw new Error(`the command did not succeed: ${JSON.stringify(exit)}`)
      return rate(startedAt, seen)
    },
    async 'raw exec stream'() {
      const startedAt = performance.now()
      const stream = await exec(PRODUCER, false)
      const counter = new Counter()
      docker.modem.demuxStream(stream, counter, counter)
      await once(stream, 'end')
      return rate(startedAt, counter)
    },
    async 'bare socket'() {
      const startedAt = performance.now()
      const stream = await exec(PRODUCER, false)
      let bytes = 0
      stream.on('data', (chunk) => (bytes += chunk.length))
      await once(stream, 'end')
      if (bytes < BYTES) throw new Error(`got ${bytes} bytes`)
      return BYTES / 1e3 / (performance.now() - startedAt)
    },
    async 'our stdin'() {
      const startedAt = performance.now()
      const command = runner.spawn(CONSUMER, { stdin: 'pipe' })
      await feed(command.stdin)
      return checkedCount(startedAt, await command.text())
    },
    async 'raw exec stdin'() {
      const startedAt = performance.now()
      const stream = await exec(CONSUMER, true)
      const said = []
      stream.on('data', (bytes) => said.push(bytes.subarray(8)))
      const ended = once(stream, 'end')
      await feed(stream)
      await ended
      return checkedCount(startedAt, Buffer.concat(said).toString())
    },
  }
}

export const close = () => bench?.close()

/** What a reader sees who counts the bytes and looks at the last ones. */
class Counter extends Writable {
  bytes = 0
  last = Buffer.alloc(0)

  see(chunk) {
    this.bytes += chunk.length
    this.last = chunk.length < 3 ? Buffer.concat([this.last, chunk]) : chunk
  }

  _write(chunk, _encoding, callback) {
    this.see(chunk)
    callback()
  }
}

async function count(readable) {
  const counter = new Counter()
  readable.on('data', (chunk) => counter.see(chunk))
  await finished(readable)
  return counter
}

function rate(startedAt, { bytes, last }) {
  const tail = last.subarray(-3).toString()
  if (bytes !== BYTES + 3 || tail !== 'end') throw new Error(`got ${bytes} bytes, the last "${tail}"`)
  return BYTES / 1e3 / (performance.now() - startedAt)
}

async function feed(writable) {
  for (let n = 0; n < CHUNKS; n++) if (!writable.write(CHUNK)) await once(writable, 'drain')
  writable.end()
}

function checkedCount(startedAt, text) {
  if (Number(text) !== BYTES) throw new Error(`the command read ${text} bytes of ${BYTES}`)
  return BYTES / 1e3 / (performance.now() - startedAt)
}
