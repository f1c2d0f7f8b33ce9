import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Stands for the ssh program and the machine behind it: notes its process and arguments, and forwards the socket of
 * `-L`, as ssh does, until its input ends. With FAKE_SSH_FAILS it fails as ssh does when it is not let in.
 */
const program = `#!${process.execPath}
const { appendFileSync } = require('node:fs')
const net = require('node:net')
const argv = process.argv.slice(2)
appendFileSync(process.env.FAKE_SSH_LOG, JSON.stringify({ pid: process.pid, argv }) + '\\n')
if (process.env.FAKE_SSH_FAILS) {
  console.error(process.env.FAKE_SSH_FAILS)
  process.exit(255)
}
const [local, remote] = argv[argv.indexOf('-L') + 1].split(':')
net.createServer({ allowHalfOpen: true }, (client) => {
  const engine = net.connect({ path: remote, allowHalfOpen: true })
  client.on('error', () => engine.destroy()).pipe(engine)
  engine.on('error', () => {
    console.error('channel 2: open failed: connect failed: open failed')
    client.destroy()
  }).pipe(client)
}).listen(local)
process.stdin.resume().on('end', () => process.exit(0))
`

export interface FakeSsh {
  /** With which a connection finds it, and nothing else. */
  readonly env: Record<string, string>
  /** Every time that it was started. */
  runs(): { pid: number; argv: string[] }[]
  remove(): void
}

export function installFakeSsh(): FakeSsh {
  const folder = mkdtempSync(join(tmpdir(), 'anyon-fake-ssh-'))
  const log = join(folder, 'log')
  writeFileSync(join(folder, 'ssh'), program)
  chmodSync(join(folder, 'ssh'), 0o755)
  writeFileSync(log, '')
  return {
    env: { PATH: folder, FAKE_SSH_LOG: log },
    runs: () =>
      readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as { pid: number; argv: string[] }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Whether a process of ours still runs. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
