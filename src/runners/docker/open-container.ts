import { mountedSupervisor } from '../../delivery/supervisor-volume.js'
import { supervisorBinary } from '../../delivery/supervisor-binary.js'
import { uploadSupervisor } from '../../delivery/upload.js'
import type { ContainerEngine } from '../../engine/container-engine.js'
import type { ContainerInspection } from '../../engine/engine-types.js'
import { labels } from '../../model/labels.js'
import type { OpenedPlace, PlaceDefaults } from '../place.js'
import { assertRunning } from './container-state.js'
import { execTransport } from './exec-transport.js'
import { explainLoss, explainRefusal } from './explain.js'

const connectMounted = [mountedSupervisor, 'connect']

/** What is known of a container before it is looked at. */
export interface ContainerKnowledge {
  /** User of commands that name none. */
  readonly user?: string | undefined
  /** Process 1 is known to be a supervisor, which spares a first command the time of a call. */
  readonly isKnown?: boolean
}

/** Opens a stream to the supervisor of a container by an exec of the engine. */
export async function openContainer(
  engine: ContainerEngine,
  name: string,
  { user, isKnown = false }: ContainerKnowledge,
  signal: AbortSignal,
): Promise<OpenedPlace> {
  const start = async (id: string, argv: string[]) => {
    const exec = { argv, user: '0', workingDir: '/', stdin: true }
    return execTransport(await engine.startExec(await engine.createExec(id, exec, { signal }), { signal }))
  }
  // The engine takes far longer over an exec that it has started than over telling of the container meanwhile.
  const early = isKnown ? await start(name, connectMounted).catch(() => undefined) : undefined
  try {
    const container = await engine.inspectContainer(name, { signal })
    assertRunning(container) // where an exec failed, this says better why
    const { transport, said } =
      early ?? (await start(container.id, await connectArgv(engine, container, signal)))
    return {
      transport,
      defaults: placeDefaults(container, user),
      mayBeSilent: async () => (await engine.inspectContainer(container.id)).state.paused,
      complaint: said,
      explainLoss: (lost) => explainLoss(engine, container, lost),
      explainRefusal: (lost) => explainRefusal(engine, container, lost, said()),
    }
  } catch (error) {
    early?.transport.destroy()
    throw error
  }
}

async function connectArgv(
  engine: ContainerEngine,
  container: ContainerInspection,
  signal: AbortSignal,
): Promise<string[]> {
  if (container.config.labels[labels.init] === 'supervisor') return connectMounted
  const { architecture } = await engine.version({ signal })
  const path = await uploadSupervisor(engine, container, await supervisorBinary(architecture), signal)
  return [path, 'connect', '--start']
}

/** What commands get in the container where their caller says nothing. */
export function placeDefaults({ config }: ContainerInspection, user: string | undefined): PlaceDefaults {
  const env = new Map(config.env.map(splitEntry))
  const configured = config.labels[labels.init] === 'supervisor' ? config.labels[labels.user] : config.user
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
