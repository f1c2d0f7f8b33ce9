import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { buffer } from 'node:stream/consumers'
import { engineRequest, openRequest } from '../../docker/scripts/lib/engine-api.mjs'
import type { PrivateEngine } from '../support/engine.js'

/** Where is looked for what an engine and its machine keep of a container. */
export interface Scene {
  readonly engine: PrivateEngine
  readonly container: string
  /** All that the engine has told in its stream of events, so far. */
  readonly events: readonly Buffer[]
  /** A file that is older than everything that counts. */
  readonly begin: string
}

type Look = (scene: Scene) => Promise<Buffer> | Buffer

/** The bytes of each place, as they are. */
export const looks: Readonly<Record<string, Look>> = {
  'container inspect': (scene) => get(scene, `/containers/${scene.container}/json`),
  'exec inspect': inspectExecs,
  'docker top': (scene) => get(scene, `/containers/${scene.container}/top?ps_args=auxww`),
  'the command lines of the machine': () => shell('cat /proc/[0-9]*/cmdline 2>/dev/null; :'),
  'the logs of the container': (scene) =>
    get(scene, `/containers/${scene.container}/logs?stdout=1&stderr=1&details=1`, noLog),
  'the changes of the container': (scene) => get(scene, `/containers/${scene.container}/changes`),
  'docker export': (scene) => get(scene, `/containers/${scene.container}/export`),
  'docker commit, with configuration, history and layers': commit,
  'the upper folder': async (scene) => filesBelow(await upperFolder(scene)),
  'all that the engine stores': ({ engine }) => filesBelow(engine.dataDir),
  'the debug log of the engine': ({ engine }) => readFileSync(engine.logFile),
  'the events of the engine': ({ events }) => Buffer.concat(events),
  'the temporary folders of the machine': temporaryFiles,
}

/** What root on the machine sees of running processes, through the engine. */
export const environmentLook: Look = (scene) =>
  get(scene, `/containers/${scene.container}/top?ps_args=auxeww`)

/** Runs a shell script in the container by the engine alone: what it prints, or, detached, nothing. */
export async function execPlainly(
  { engine, container }: Scene,
  script: string,
  Detach = false,
): Promise<string> {
  const exec = { AttachStdout: true, AttachStderr: true, Tty: true, User: '0', Cmd: ['sh', '-c', script] }
  const { body } = await engineRequest(engine.endpoint, 'POST', `/containers/${container}/exec`, exec)
  const { Id } = body as { Id: string }
  const started = await engineRequest(engine.endpoint, 'POST', `/exec/${Id}/start`, { Tty: true, Detach })
  return String(started.body).replaceAll('\r', '')
}

/** How an engine answers for a container that keeps no log. */
const noLog = 501

async function get({ engine }: Scene, path: string, alsoFine = 200): Promise<Buffer> {
  const response = await openRequest(engine.endpoint, 'GET', path)
  const bytes = await buffer(response)
  if (response.statusCode !== 200 && response.statusCode !== alsoFine)
    throw new Error(`GET ${path}: ${response.statusCode} ${String(bytes)}`)
  return bytes
}

async function inspectExecs(scene: Scene): Promise<Buffer> {
  const { ExecIDs } = JSON.parse(String(await get(scene, `/containers/${scene.container}/json`))) as {
    ExecIDs: string[] | null
  }
  return Buffer.concat(await Promise.all((ExecIDs ?? []).map((id) => get(scene, `/exec/${id}/json`))))
}

async function upperFolder(scene: Scene): Promise<string> {
  const { GraphDriver } = JSON.parse(String(await get(scene, `/containers/${scene.container}/json`))) as {
    GraphDriver: { Name: string; Data: Record<string, string> | null }
  }
  const folder = GraphDriver.Data?.['UpperDir']
  // Where there is none, as with vfs, its files are among those that the engine stores.
  return folder ?? scene.engine.dataDir
}

async function commit(scene: Scene): Promise<Buffer> {
  const path = `/commit?container=${scene.container}&pause=false`
  const { body } = await engineRequest(scene.engine.endpoint, 'POST', path, {})
  const { Id } = body as { Id: string }
  try {
    const parts = ['json', 'history', 'get'].map((part) => get(scene, `/images/${Id}/${part}`))
    return Buffer.concat(await Promise.all(parts))
  } finally {
    await engineRequest(scene.engine.endpoint, 'DELETE', `/images/${Id}`)
  }
}

/** Names and content; files that go meanwhile are no matter. */
function filesBelow(folder: string): Buffer {
  return shell('tar --one-file-system --ignore-failed-read -cf - -C "$0" . 2>/dev/null; :', folder)
}

function temporaryFiles({ begin }: Scene): Buffer {
  return shell(
    'find "$0" /var/tmp /dev/shm -xdev -type f -newer "$1" -size -65536k -print -exec cat {} + 2>/dev/null; :',
    tmpdir(),
    begin,
  )
}

function shell(script: string, ...args: string[]): Buffer {
  return execFileSync('sh', ['-c', script, ...args], { maxBuffer: 2 ** 29 })
}
