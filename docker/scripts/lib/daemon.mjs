import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, openSync, closeSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { whyNoAnswer } from './engine-api.mjs'
import { hasCommand, run } from './install-engine.mjs'
import { SetupError } from './say.mjs'

const CONTAINERD_PID = 'exec/containerd/containerd.pid'

/**
 * Starts a dockerd that outlives us, and waits until it answers.
 * `runDir` holds its socket, pid file and state, `dataDir` its images and containers.
 */
export async function startDaemon({ runDir, dataDir, logFile, extraArgs = [], wrapper = [] }) {
  mkdirSync(runDir, { recursive: true })
  mkdirSync(dataDir, { recursive: true })
  const endpoint = `unix://${join(runDir, 'docker.sock')}`
  // A pid file that was left behind may name another process by now, or one that waits to be reaped.
  rmSync(join(runDir, 'docker.pid'), { force: true })
  if (!containerdPid(runDir)) rmSync(join(runDir, CONTAINERD_PID), { force: true })
  const [command, ...args] = [
    ...[...wrapper, 'dockerd'],
    ...['--host', endpoint, '--pidfile', join(runDir, 'docker.pid')],
    ...['--data-root', dataDir, '--exec-root', join(runDir, 'exec')],
    // Names of its own, should it share a containerd that the machine already runs.
    ...['--containerd-namespace', 'anyon', '--containerd-plugins-namespace', 'anyon-plugins'],
    // Lowering the score needs CAP_SYS_RESOURCE, which a container's root does not have.
    ...['--oom-score-adjust', '0'],
    ...extraArgs,
  ]
  const log = openSync(logFile, 'a')
  const env = { ...process.env, PATH: `${await iptablesDir(runDir)}${process.env.PATH}:/usr/sbin:/sbin` }
  const child = spawn(command, args, { detached: true, stdio: ['ignore', log, log], cwd: '/', env })
  closeSync(log)
  const ended = new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, signal) => resolve(`ended with ${code ?? signal}`))
  })
  await answers(endpoint, ended, logFile)
  child.unref()
  return { endpoint, pid: child.pid }
}

async function answers(endpoint, ended, logFile) {
  const deadline = Date.now() + 60_000
  for (;;) {
    const failure = await Promise.race([ended, sleep(100)])
    if (failure || Date.now() > deadline) {
      const tail = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-15).join('\n')
      throw new SetupError(`dockerd ${failure ?? 'does not answer'}. The end of ${logFile}:\n${tail}`)
    }
    if (existsSync(endpoint.slice(7)) && (await whyNoAnswer(endpoint)) === undefined) return
  }
}

/**
 * dockerd calls whatever `iptables` comes first in PATH. Where the default (nf_tables) does not work
 * with this kernel and the legacy one does, a folder in front of PATH holds links to the legacy one.
 */
async function iptablesDir(runDir) {
  const works = async (command) =>
    hasCommand(command) && (await run(command, ['-t', 'nat', '-nL'])).code === 0
  if ((await works('iptables')) || !(await works('iptables-legacy'))) return ''
  const dir = join(runDir, 'bin')
  rmSync(dir, { recursive: true, force: true })
  mkdirSync(dir)
  for (const name of ['iptables', 'ip6tables']) symlinkSync(`/usr/sbin/${name}-legacy`, join(dir, name))
  return `${dir}:`
}

/** Stops the daemon whose pid file is in `runDir`; containers stop with it. Returns its pid, if one ran. */
export async function stopDaemon(runDir, { signal = 'SIGTERM', timeoutMs = 30_000 } = {}) {
  const pid = daemonPid(runDir)
  if (!pid) return undefined
  process.kill(pid, signal)
  // Its containerd dies a moment after it; an engine started in between would take it for its own.
  const isRunning = () => daemonPid(runDir) === pid || containerdPid(runDir) !== undefined
  for (const deadline = Date.now() + timeoutMs; isRunning(); await sleep(20)) {
    if (Date.now() > deadline)
      throw new SetupError(`dockerd (process ${pid}) did not end. Type: kill -9 ${pid}`)
  }
  return pid
}

/** The pid of the dockerd that runs there; a stale pid file is none. */
export function daemonPid(runDir) {
  return livePid(join(runDir, 'docker.pid'), 'dockerd')
}

function containerdPid(runDir) {
  return livePid(join(runDir, CONTAINERD_PID), 'containerd')
}

function livePid(pidFile, program) {
  try {
    const pid = Number(readFileSync(pidFile, 'utf8'))
    // A zombie has no command line.
    const [name] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    return name.endsWith(program) ? pid : undefined
  } catch {
    return undefined
  }
}
