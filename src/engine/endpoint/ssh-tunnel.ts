import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ContainersError, isContainersError } from '../../errors/containers-error.js'
import type { Environment } from './connect-options.js'
import { describeAddress, type Address } from './endpoint.js'

const pollMs = 20
const stderrLimit = 2000

interface Tunnel {
  readonly child: ChildProcess
  readonly folder: string
  readonly path: Promise<string>
}

/**
 * One ssh process for all connections to an engine: it forwards a local socket to the engine's. Dug at the first
 * connection, and again at the next one if it fell in.
 */
export class SshTunnel {
  #tunnel: Promise<Tunnel> | undefined
  #closed = false
  /** The end of what ssh said, which tells what a refused connection does not. */
  #said = ''

  constructor(
    private readonly address: Extract<Address, { kind: 'ssh' }>,
    private readonly env: Environment,
  ) {}

  /** The local socket, once it takes connections. */
  async socketPath(): Promise<string> {
    if (this.#closed) throw this.#error('it was closed')
    const current = (this.#tunnel ??= this.#dig())
    try {
      const tunnel = await current
      const path = await tunnel.path
      if (!hasEnded(tunnel.child)) return path
    } catch (error) {
      await this.#abandon(current)
      throw error
    }
    await this.#abandon(current)
    return this.socketPath()
  }

  async close(): Promise<void> {
    this.#closed = true
    if (this.#tunnel !== undefined) await this.#abandon(this.#tunnel)
  }

  /** The error of a connection through the tunnel, with what ssh had to say about it. */
  explain(error: unknown): unknown {
    return this.#said === '' || !isContainersError(error, 'ENGINE_UNREACHABLE')
      ? error
      : this.#error(this.#said)
  }

  async #abandon(current: Promise<Tunnel>): Promise<void> {
    if (this.#tunnel === current) this.#tunnel = undefined
    const tunnel = await current.catch(() => undefined)
    tunnel?.path.catch(() => {})
    tunnel?.child.kill()
    if (tunnel !== undefined) await rm(tunnel.folder, { recursive: true, force: true })
  }

  async #dig(): Promise<Tunnel> {
    const folder = await mkdtemp(join(tmpdir(), 'anyon-ssh-'))
    const path = join(folder, 'engine.sock')
    const child = spawn('ssh', this.#arguments(path), {
      env: { ...this.env },
      stdio: ['pipe', 'ignore', 'pipe'],
      // Ctrl-C is for the host process, which may need its engine to end well.
      detached: true,
    })
    // It must not keep the host process alive; when that ends, however it does, `cat` reads the end and ssh goes too.
    child.unref()
    for (const pipe of [child.stdin, child.stderr]) (pipe as Socket).unref()
    return { child, folder, path: this.#whenOpen(child, path) }
  }

  #arguments(path: string): string[] {
    const { host, user, port, socketPath } = this.address
    return [
      ...['-T', '-o', 'BatchMode=yes', '-o', 'ExitOnForwardFailure=yes', '-o', 'StreamLocalBindMask=0177'],
      // A shared master of the user's would take the forwarding over, and outlive us with it.
      ...['-o', 'ControlMaster=no', '-o', 'ControlPath=none', '-o', 'ServerAliveInterval=15'],
      ...['-L', `${path}:${socketPath}`],
      ...(user === undefined ? [] : ['-l', user]),
      ...(port === undefined ? [] : ['-p', String(port)]),
      ...['--', host, 'cat'],
    ]
  }

  async #whenOpen(child: ChildProcess, path: string): Promise<string> {
    this.#said = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#said = (this.#said + chunk.toString()).trimStart().slice(-stderrLimit)
    })
    child.stdin?.on('error', () => {})
    const ended = Promise.race([
      once(child, 'close').then(([code, signal]) => this.#said || `ssh ended with ${String(code ?? signal)}`),
      once(child, 'error').then(([error]) => `ssh could not be started: ${(error as Error).message}`),
    ]).catch((error: unknown) => `ssh could not be started: ${String(error)}`)
    for (;;) {
      const isThere = await stat(path).then(
        (found) => found.isSocket(),
        () => false,
      )
      if (isThere) return path
      const failure = await Promise.race([ended, delay(pollMs)])
      if (failure !== undefined) throw this.#error(failure)
    }
  }

  #error(reason: string): ContainersError {
    const address = describeAddress(this.address)
    const why = reason.trim().replace(/\.$/, '')
    return new ContainersError(
      'ENGINE_UNREACHABLE',
      `Could not reach the engine at ${address} by ssh: ${why}. See that \`ssh ${this.address.host}\` works without a question.`,
      { details: { address, why } },
    )
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}
