import type { ContainerEngine } from '../engine/container-engine.js'
import type { CreateRequest, MountRequest } from '../engine/engine-types.js'
import { ContainersError, isContainersError } from '../errors/containers-error.js'
import { abortable } from '../internal/abort.js'
import { LABEL_PREFIX, labels } from '../model/labels.js'
import { uniqueName } from '../model/unique-name.js'
import { supervisorBinary, type SupervisorBinary } from './supervisor-binary.js'

/** Where a container made with `init: 'supervisor'` has it. */
const supervisorFolder = '/.anyon'
export const mountedSupervisor = `${supervisorFolder}/supervisor`

const installer = '/.anyon-install'
/** On volumes: the hash of the supervisor inside. A volume that an engine made by itself has no label. */
const hashLabel = `${LABEL_PREFIX}supervisor`

/** What a container needs to have the supervisor as its process 1. */
export interface SupervisorMount {
  readonly mount: MountRequest
  readonly entrypoint: string[]
}

const filled = new WeakMap<ContainerEngine, Map<string, Promise<void>>>()

/**
 * The volume that holds the supervisor: one per engine and version, made and filled when it is first needed. Several
 * processes may do so at once: the file gets its name only when it is whole.
 *
 * @throws `SUPERVISOR_UNAVAILABLE`, `SUPERVISOR_DELIVERY_FAILED`, `IMAGE_NOT_FOUND`, `ABORTED`
 */
export async function ensureSupervisorVolume(
  engine: ContainerEngine,
  options: {
    /** Any image that is there already; only its ability to run our program is used. */
    image: string
    /** As the engine or Node names it. */
    architecture: string
    signal?: AbortSignal | undefined
  },
): Promise<SupervisorMount> {
  const binary = await supervisorBinary(options.architecture)
  const name = `anyon-supervisor-${binary.hash}`
  const known = filled.get(engine) ?? new Map<string, Promise<void>>()
  filled.set(engine, known)
  const before = known.get(name)
  const ready = before?.then(() => isOurs(engine, name, binary)) ?? Promise.resolve(false)
  const filling = ready.then((ours) => (ours ? undefined : fill(engine, name, binary, options.image)))
  known.set(name, filling)
  filling.catch(() => known.delete(name))
  await abortable(filling, 'Bringing the supervisor to the engine', options.signal)
  return {
    mount: { type: 'volume', source: name, target: supervisorFolder, readOnly: true, noCopy: true },
    entrypoint: [mountedSupervisor, 'init'],
  }
}

/** Whether the volume is still the one that was filled: somebody may have pruned it. */
async function isOurs(engine: ContainerEngine, name: string, { hash }: SupervisorBinary): Promise<boolean> {
  try {
    return (await engine.inspectVolume(name)).labels[hashLabel] === hash
  } catch (error) {
    if (isContainersError(error, 'VOLUME_NOT_FOUND')) return false
    throw error
  }
}

async function fill(
  engine: ContainerEngine,
  volume: string,
  binary: SupervisorBinary,
  image: string,
): Promise<void> {
  await engine.createVolume(volume, { [labels.managed]: 'true', [hashLabel]: binary.hash })
  const { id } = await engine.createContainer(helper(volume, image))
  try {
    if (await isInstalled(engine, id, binary)) return
    const { packEntries } = await import('../archives/pack-entries.js') // loads tar-stream
    const tar = packEntries([{ path: installer.slice(1), content: binary.bytes, mode: 0o555 }], {})
    await engine.putArchive(id, '/', tar)
    const wait = await engine.waitContainer(id, 'next-exit')
    wait.result.catch(() => {})
    await engine.startContainer(id)
    const { statusCode, errorText } = await wait.result
    if (statusCode !== 0) throw deliveryFailed(image, errorText ?? `its installer ended with ${statusCode}`)
  } finally {
    await engine.removeContainer(id, { force: true, volumes: false })
  }
}

async function isInstalled(
  engine: ContainerEngine,
  id: string,
  { bytes }: SupervisorBinary,
): Promise<boolean> {
  try {
    return (await engine.statArchive(id, mountedSupervisor)).sizeBytes === bytes.length
  } catch (error) {
    if (isContainersError(error, 'PATH_NOT_FOUND')) return false
    throw error
  }
}

function helper(volume: string, image: string): CreateRequest {
  return {
    name: uniqueName('anyon-install'),
    image,
    entrypoint: [installer, 'install', supervisorFolder],
    command: [],
    env: {},
    labels: { [labels.managed]: 'true' },
    workingDir: '/',
    user: '0',
    terminal: false,
    openStdin: false,
    stdinOnce: false,
    engineInit: false,
    readOnlyRoot: false,
    mounts: [{ type: 'volume', source: volume, target: supervisorFolder, noCopy: true }],
    ports: [],
    network: 'none',
    extraHosts: [],
    dns: [],
    capDrop: ['ALL'],
    capAdd: [],
    noNewPrivileges: true,
    securityOptions: [],
    privileged: false,
    logDriver: 'json-file',
    logMaxBytes: 1024 * 1024,
    logMaxFiles: 1,
    ulimits: [],
  }
}

function deliveryFailed(image: string, why: string): ContainersError {
  return new ContainersError(
    'SUPERVISOR_DELIVERY_FAILED',
    `The supervisor could not be installed on the engine by way of image ${image}: ${why}.`,
    { details: { image } },
  )
}
