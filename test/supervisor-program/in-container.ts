import { readFileSync } from 'node:fs'
import { PassThrough } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { pack } from 'tar-stream'
import type { ContainerEngine } from '../../src/engine/container-engine.js'
import { engineRequest, testLabels } from '../support/engine.js'
import { Peer } from './supervisor-process.js'

/** The program for the engine's machine, or for another. */
export function binaryFor(architecture: string): Buffer {
  const name = architecture === 'arm64' || architecture === 'aarch64' ? 'arm64' : 'x64'
  return readFileSync(
    fileURLToPath(new URL(`../../dist/supervisor/anyon-supervisor-linux-${name}`, import.meta.url)),
  )
}

/** Creates a container with the program at /supervisor, not started; by plain requests. */
export async function createWithSupervisor(
  engine: ContainerEngine,
  body: Record<string, unknown>,
  binary: Buffer,
): Promise<string> {
  const created = await engineRequest('POST', '/containers/create', { ...body, Labels: testLabels() })
  if (created.status !== 201) throw new Error(JSON.stringify(created.body))
  const { Id: id } = created.body as { Id: string }
  const tar = pack()
  tar.entry({ name: 'supervisor', mode: 0o755 }, binary)
  tar.finalize()
  await engine.putArchive(id, '/', await buffer(tar))
  return id
}

export async function removeContainer(id: string): Promise<void> {
  await engineRequest('DELETE', `/containers/${id}?force=1&v=1`)
}

/** An exec with its streams taken apart here, so that nothing of ours is between the test and the program. */
export class Exec extends Peer {
  readonly id: string
  readonly #engine: ContainerEngine

  private constructor(engine: ContainerEngine, id: string, streams: ConstructorParameters<typeof Peer>[0]) {
    super(streams)
    this.#engine = engine
    this.id = id
  }

  static async start(engine: ContainerEngine, container: string, argv: string[], user = '0'): Promise<Exec> {
    const id = await engine.createExec(container, { argv, user, stdin: true })
    const socket = await engine.startExec(id)
    const output = new PassThrough()
    const exec = new Exec(engine, id, {
      input: socket,
      output,
      closed: new Promise((resolve) => socket.once('close', resolve).once('end', resolve)),
    })
    let rest = Buffer.alloc(0)
    socket.on('data', (bytes: Buffer) => {
      rest = Buffer.concat([rest, bytes])
      while (rest.length >= 8 && rest.length >= 8 + rest.readUInt32BE(4)) {
        const end = 8 + rest.readUInt32BE(4)
        if (rest[0] === 1) output.write(rest.subarray(8, end))
        else exec.stderr += rest.subarray(8, end).toString()
        rest = rest.subarray(end)
      }
    })
    return exec
  }

  /** The exit code, once the exec is over. */
  async code(): Promise<number | undefined> {
    await this.closed
    for (;;) {
      const { running, exitCode } = await this.#engine.inspectExec(this.id)
      if (!running) return exitCode
    }
  }
}
