#!/usr/bin/env node
// Finds a container engine, or installs and starts one of our own.
//   node docker/scripts/engine.mjs up | status | down
import { fileURLToPath } from 'node:url'
import { engineRequest } from './lib/engine-api.mjs'
import { startDaemon, stopDaemon } from './lib/daemon.mjs'
import { findEngine } from './lib/find-engine.mjs'
import { hasCommand, installPackages, whyNoInstall } from './lib/install-engine.mjs'
import { withLock } from './lib/lock.mjs'
import { runMain, say, SetupError } from './lib/say.mjs'

const RUN_DIR = '/run/anyon'
const DATA_DIR = '/var/lib/anyon-docker'
const LOG_FILE = '/var/log/anyon-dockerd.log'
/** The engine lists a container's processes with ps. */
const PACKAGES = ['docker.io', 'iptables', 'ca-certificates', 'procps']

/** An engine that answers: the one that is there, else one that is installed and started. Returns its endpoint. */
export async function ensureEngine() {
  const { engine, tried } = await findEngine()
  for (const { endpoint, from, why } of tried) {
    if (/DOCKER_HOST|context/.test(from)) say('engine', `passing over ${endpoint} (${from}): ${why}`)
  }
  return engine?.endpoint ?? withLock('engine', startOwnEngine)
}

async function startOwnEngine() {
  const { engine, tried } = await findEngine()
  if (engine) return engine.endpoint
  const why = process.env.ANYON_TEST_ENGINE ? 'ANYON_TEST_ENGINE names the one to use' : whyNoInstall()
  if (why) throw new SetupError(noEngineMessage(tried, why))
  if (!hasCommand('dockerd')) await installPackages(PACKAGES)
  say('engine', `starting dockerd (log: ${LOG_FILE})`)
  const { endpoint, pid } = await startDaemon({ runDir: RUN_DIR, dataDir: DATA_DIR, logFile: LOG_FILE })
  say('engine', `runs as process ${pid}; to stop it: node docker/scripts/engine.mjs down`)
  return endpoint
}

function noEngineMessage(tried, why) {
  const denied = tried.find((place) => place.why === 'EACCES')
  return [
    'No container engine answers. Looked at:',
    ...tried.map((place) => `  ${place.endpoint} (${place.from}): ${place.why}`),
    `None was installed, because ${why}.`,
    denied
      ? `Type: sudo usermod -aG docker "$USER"   (then log in again) to be allowed to use ${denied.endpoint}`
      : 'Install Docker (Debian, Ubuntu: sudo apt-get install docker.io; else https://docs.docker.com/get-docker/),' +
        '\nor name a running engine: export DOCKER_HOST=unix:///path/to/docker.sock',
  ].join('\n')
}

async function status() {
  const { engine, tried } = await findEngine()
  for (const place of tried) say('engine', `${place.endpoint} (${place.from}): ${place.why}`)
  if (!engine) return 1
  const { body } = await engineRequest(engine.endpoint, 'GET', '/version')
  say('engine', `${engine.endpoint} (${engine.from}): version ${body.Version}, API ${body.ApiVersion}`)
  console.log(engine.endpoint)
}

async function down() {
  const pid = await withLock('engine', () => stopDaemon(RUN_DIR))
  say('engine', pid ? `stopped process ${pid}; its data stays in ${DATA_DIR}` : 'none of ours runs')
}

const COMMANDS = { up: async () => console.log(await ensureEngine()), status, down }

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const command = COMMANDS[process.argv[2] ?? 'up']
  await runMain(command ?? (() => Promise.reject(new SetupError('Usage: engine.mjs up | status | down'))))
}
