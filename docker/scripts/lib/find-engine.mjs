import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { homedir, userInfo } from 'node:os'
import { join } from 'node:path'
import { whyNoAnswer } from './engine-api.mjs'

/** The engine that engine.mjs starts itself. */
export const OWN_ENDPOINT = 'unix:///run/anyon/docker.sock'

/** Every place where an engine may answer, best first: `{ endpoint, from }`. */
export function candidates(env = process.env, home = homedir(), uid = userInfo().uid) {
  if (env.ANYON_TEST_ENGINE) return [{ endpoint: env.ANYON_TEST_ENGINE, from: 'ANYON_TEST_ENGINE' }]
  const found = []
  if (env.DOCKER_HOST) found.push({ endpoint: env.DOCKER_HOST, from: 'DOCKER_HOST' })
  const context = contextEndpoint(env, home)
  if (context) found.push(context)
  const runtimeDir = env.XDG_RUNTIME_DIR ?? `/run/user/${uid}`
  const sockets = [
    '/var/run/docker.sock',
    join(runtimeDir, 'docker.sock'),
    join(home, '.docker/run/docker.sock'),
    join(home, '.docker/desktop/docker.sock'),
    join(home, '.colima/default/docker.sock'),
    join(home, '.rd/docker.sock'),
  ]
  for (const path of sockets) found.push({ endpoint: `unix://${path}`, from: 'usual socket' })
  found.push({ endpoint: OWN_ENDPOINT, from: 'started by engine.mjs' })
  return found
}

/** The endpoint of the docker CLI's current context, unless that is the default one. */
function contextEndpoint(env, home) {
  const configDir = env.DOCKER_CONFIG ?? join(home, '.docker')
  const name = env.DOCKER_CONTEXT ?? readJson(join(configDir, 'config.json'))?.currentContext
  if (!name || name === 'default') return undefined
  const folder = createHash('sha256').update(name).digest('hex')
  const meta = readJson(join(configDir, 'contexts/meta', folder, 'meta.json'))
  const endpoint = meta?.Endpoints?.docker?.Host
  return endpoint && { endpoint, from: `docker context "${name}"` }
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}

/** The first engine that answers, and why each place before it did not. */
export async function findEngine(places = candidates()) {
  const tried = []
  for (const place of places) {
    const missing = place.endpoint.startsWith('unix://') && !existsSync(place.endpoint.slice(7))
    const why = missing ? 'no such socket' : await whyNoAnswer(place.endpoint)
    if (why === undefined) return { engine: place, tried }
    tried.push({ ...place, why })
  }
  return { engine: undefined, tried }
}
