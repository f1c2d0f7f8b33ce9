import type { ContainerEngine } from '../engine/container-engine.js'
import type { ContainerInspection } from '../engine/engine-types.js'
import { ContainersError, isContainersError } from '../errors/containers-error.js'
import { runInContainer } from '../exec/run-in-container.js'
import type { SupervisorBinary } from './supervisor-binary.js'

/**
 * Brings the supervisor into a running container that somebody else made, and says where it is: into the container's
 * own layer where that can be written, else into an executable tmpfs. What is there already is left as it is.
 *
 * @throws `SUPERVISOR_DELIVERY_FAILED`
 */
export async function uploadSupervisor(
  engine: ContainerEngine,
  container: ContainerInspection,
  binary: SupervisorBinary,
  signal?: AbortSignal,
): Promise<string> {
  if (container.host.readOnlyRoot) return uploadToTmpfs(engine, container, binary, signal)
  const name = fileName(binary)
  if (await isThere(engine, container.id, `/${name}`, binary, signal)) return `/${name}`
  const { packEntries } = await import('../archives/pack-entries.js') // loads tar-stream
  const content = packEntries([{ path: name, content: binary.bytes, mode: 0o555 }], { uid: 0, gid: 0 })
  try {
    await engine.putArchive(container.id, '/', content, { signal })
  } catch (error) {
    if (!isContainersError(error, 'ENGINE_ERROR')) throw error
    throw failed(container, error.message, error)
  }
  return `/${name}`
}

async function isThere(
  engine: ContainerEngine,
  id: string,
  path: string,
  { bytes }: SupervisorBinary,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    return (await engine.statArchive(id, path, { signal })).sizeBytes === bytes.length
  } catch (error) {
    if (isContainersError(error, 'PATH_NOT_FOUND')) return false
    throw error
  }
}

/** The engine's archive call would write beside a tmpfs, not into it: so a shell in the container writes the file. */
async function uploadToTmpfs(
  engine: ContainerEngine,
  container: ContainerInspection,
  binary: SupervisorBinary,
  signal: AbortSignal | undefined,
): Promise<string> {
  const folder = executableTmpfs(container)
  if (folder === undefined) {
    throw failed(container, 'its root is read-only and it has no tmpfs from which a program may be started')
  }
  const path = `${folder.replace(/\/$/, '')}/${fileName(binary)}`
  const result = await runInContainer(engine, container.id, ['sh', '-c', tmpfsScript, 'sh', path, folder], {
    stdin: binary.bytes,
    user: '0',
    ...(signal && { signal }),
  })
  if (!result.exit.succeeded) {
    throw failed(container, `writing it to ${folder} failed: ${result.stderr.trim() || result.exit.reason}`)
  }
  return path
}

/**
 * Moved into place when it is whole: another process may be doing the same. As it is to run as root, what another user
 * has put there, or could put there, is not run.
 */
const tmpfsScript = `
is_ours() { [ -f "$1" ] && [ ! -L "$1" ] && [ -O "$1" ] && [ -x "$1" ]; }
case "$(ls -ld "$2")" in ????????w[!tT]*) echo 'other users may rename what is in it' >&2; exit 1;; esac
is_ours "$1" && exit
set -C
rm -rf "$1" && cat > "$1.$$" && chmod 0555 "$1.$$" && mv -f "$1.$$" "$1" && is_ours "$1"`

function executableTmpfs({ host }: ContainerInspection): string | undefined {
  const found = Object.entries(host.tmpfs).find(([, options]) => {
    const words = options.split(',')
    return words.includes('exec') && !words.includes('ro')
  })
  return found?.[0]
}

function fileName({ hash }: SupervisorBinary): string {
  return `.anyon-supervisor-${hash}`
}

function failed({ name }: ContainerInspection, why: string, cause?: unknown): ContainersError {
  return new ContainersError(
    'SUPERVISOR_DELIVERY_FAILED',
    `The supervisor could not be brought into container ${name}: ${why}. Create it with harness.create({ init: ` +
      `'supervisor' }), or give it a tmpfs with the option exec, such as --tmpfs /run:exec.`,
    { cause, details: { container: name } },
  )
}
