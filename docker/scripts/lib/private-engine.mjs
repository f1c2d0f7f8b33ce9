import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { daemonPid, startDaemon, stopDaemon } from './daemon.mjs'
import { engineRequest } from './engine-api.mjs'
import { run } from './install-engine.mjs'

/**
 * A second engine of one's own, for tests that stop or kill an engine. It has no network and
 * shares nothing with any other. `kill` is abrupt; `start` brings it back on the same data; `close` removes all.
 * `debug`: it logs each request, with what was sent along. `liveRestore`: its containers run on while it is away.
 */
export async function startPrivateEngine({ debug = false, liveRestore = false } = {}) {
  const runDir = mkdtempSync(join(tmpdir(), 'anyon-engine-'))
  const logFile = join(runDir, 'dockerd.log')
  const extraArgs = ['--bridge', 'none', '--iptables=false', '--ip-forward=false', `--debug=${debug}`]
  if (liveRestore) extraArgs.push('--live-restore')
  // In a network of its own: an engine told to have no bridge deletes the machine's docker0.
  const wrapper = ['unshare', '--net']
  const dataDir = join(runDir, 'data')
  const start = () => startDaemon({ runDir, dataDir, logFile, extraArgs, wrapper })
  const { endpoint } = await start()
  const stop = () => stopDaemon(runDir)
  return {
    endpoint,
    logFile,
    dataDir,
    start,
    stop,
    kill: () => stopDaemon(runDir, { signal: 'SIGKILL' }),
    async close() {
      // A killed engine leaves its containers and its containerd behind: it is brought back to end them.
      if (!daemonPid(runDir)) await start()
      await killContainers(endpoint)
      await stop()
      // Lazily: a container's last process may hold one for an instant more.
      for (const path of mountsBelow(runDir)) await run('umount', ['--lazy', path])
      rmSync(runDir, { recursive: true, force: true })
    },
  }
}

/** Stopping an engine waits ten seconds for every container that ignores SIGTERM. */
async function killContainers(endpoint) {
  const { body } = await engineRequest(endpoint, 'GET', '/containers/json')
  await Promise.all(body.map(({ Id }) => engineRequest(endpoint, 'DELETE', `/containers/${Id}?force=1`)))
}

/** The innermost first, the order in which they can be unmounted. */
function mountsBelow(dir) {
  const paths = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1])
  return paths.filter((path) => path?.startsWith(`${dir}/`)).reverse()
}
