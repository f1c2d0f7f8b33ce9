import type { Duplex } from 'node:stream'
import { mountedSupervisor } from '../../delivery/supervisor-volume.js'
import { supervisorBinary } from '../../delivery/supervisor-binary.js'
import { uploadSupervisor } from '../../delivery/upload.js'
import type { ContainerEngine } from '../../engine/container-engine.js'
import type { ContainerInspection } from '../../engine/engine-types.js'
import { isUnderSupervisor, labels } from '../../model/labels.js'
import { ParcelTransport } from '../../supervisor/parcel-transport.js'
import type { OpenedPlace, PlaceDefaults } from '../place.js'
import { assertRunning } from './container-state.js'
import { execTransport } from './exec-transport.js'
import { explainLoss, explainRefusal } from './explain.js'

/** How a stream is opened. */
export interface OpenOptions {
  /** User of commands that name none. */
  readonly user?: string | undefined
  readonly mayShortcut?: boolean | undefined
}

/** Opens a stream to the supervisor of a container: by an exec of the engine, or through process 1's own streams. */
export async function openContainer(
  engine: ContainerEngine,
  name: string,
  { user, mayShortcut = false }: OpenOptions,
  signal: AbortSignal,
): Promise<OpenedPlace> {
  const container = await engine.inspectContainer(name, { signal })
  assertRunning(container)
  const attached = mayShortcut && hasShortcut(container) ? await attach(engine, container, signal) : undefined
  const { transport, said } = execTransport(attached ?? (await startConnect(engine, container, signal)))
  return {
    transport: attached ? new ParcelTransport(transport) : transport,
    isShortcut: attached !== undefined,
    defaults: placeDefaults(container, user),
    mayBeSilent: async () => (await engine.inspectContainer(container.id)).state.paused,
    complaint: said,
    explainLoss: (lost) => explainLoss(engine, container, lost),
    explainRefusal: (lost) => explainRefusal(engine, container, lost, said()),
  }
}

/** What goes through a log would stay in it, and a terminal would change it. */
function hasShortcut({ config, host }: ContainerInspection): boolean {
  return isUnderSupervisor(config.labels) && config.openStdin && !config.terminal && host.logDriver === 'none'
}

/** Why it failed, if it did, an exec will show. */
function attach(
  engine: ContainerEngine,
  { id }: ContainerInspection,
  signal: AbortSignal,
): Promise<Duplex | undefined> {
  const streams = { stdin: true, stdout: true, stderr: false }
  return engine.attachContainer(id, streams, { signal }).catch(() => undefined)
}

async function startConnect(
  engine: ContainerEngine,
  container: ContainerInspection,
  signal: AbortSignal,
): Promise<Duplex> {
  const argv = await connectArgv(engine, container, signal)
  const exec = { argv, user: '0', workingDir: '/', stdin: true }
  return engine.startExec(await engine.createExec(container.id, exec, { signal }), { signal })
}

async function connectArgv(
  engine: ContainerEngine,
  container: ContainerInspection,
  signal: AbortSignal,
): Promise<string[]> {
  if (isUnderSupervisor(container.config.labels)) return [mountedSupervisor, 'connect']
  const { architecture } = await engine.version({ signal })
  const path = await uploadSupervisor(engine, container, await supervisorBinary(architecture), signal)
  return [path, 'connect', '--start']
}

/** What commands get in the container where their caller says nothing. */
export function placeDefaults({ config }: ContainerInspection, user: string | undefined): PlaceDefaults {
  const env = new Map(config.env.map(splitEntry))
  const configured = isUnderSupervisor(config.labels) ? config.labels[labels.user] : config.user
  return {
    env,
    path: env.get('PATH'),
    cwd: config.workingDir || '/',
    user: user ?? (configured || undefined),
  }
}

function splitEntry(entry: string): [string, string] {
  const at = entry.indexOf('=')
  return at < 0 ? [entry, ''] : [entry.slice(0, at), entry.slice(at + 1)]
}
