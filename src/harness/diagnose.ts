import { readFile, statfs } from 'node:fs/promises'
import { connectEngine } from '../engine/connect-engine.js'
import type { ContainerEngine } from '../engine/container-engine.js'
import type { ConnectOptions } from '../engine/endpoint/connect-options.js'
import { supervisorPath } from '../delivery/supervisor-binary.js'
import { isContainersError, type ContainersError } from '../errors/containers-error.js'
import type { ErrorCode } from '../errors/error-code.js'
import { checkEngine, type EngineFacts } from './doctor-checks.js'
import { DoctorReport, type Finding } from './doctor-report.js'

/** Looks a connected engine over. What does not answer becomes a finding. */
export async function diagnose(engine: ContainerEngine, signal?: AbortSignal): Promise<DoctorReport> {
  try {
    return new DoctorReport(engine.address, checkEngine(await gather(engine, signal)))
  } catch (error) {
    if (signal?.aborted || !isContainersError(error)) throw error
    return new DoctorReport(engine.address, [noAnswer(error)])
  }
}

/** The same where there may be no engine: why there is none is then the finding. */
export async function diagnoseConnection(options: ConnectOptions): Promise<DoctorReport> {
  let engine: ContainerEngine
  try {
    engine = await connectEngine(options)
  } catch (error) {
    if (!isContainersError(error) || options.signal?.aborted) throw error
    return new DoctorReport(undefined, [noAnswer(error)])
  }
  try {
    return await diagnose(engine, options.signal)
  } finally {
    await engine.close()
  }
}

const advices: Partial<Record<ErrorCode, string>> = {
  ENGINE_NOT_FOUND:
    'Install one (Debian, Ubuntu: sudo apt-get install docker.io; else https://docs.docker.com/get-docker/), or name a running one: export DOCKER_HOST=unix:///path/to/docker.sock',
  ENGINE_UNREACHABLE: 'Start it: sudo systemctl start docker',
  ENGINE_PERMISSION_DENIED: 'sudo usermod -aG docker "$USER", then log in again',
  ENGINE_VERSION_UNSUPPORTED: 'Update it: https://docs.docker.com/engine/install/',
  CONTEXT_NOT_FOUND: 'docker context ls shows those that there are; docker context use default leaves them',
  TLS_INVALID: 'Check DOCKER_CERT_PATH: it must hold ca.pem, cert.pem and key.pem',
}

function noAnswer(error: ContainersError): Finding {
  const advice = advices[error.code]
  return { id: 'engine', level: 'error', message: error.message, ...(advice !== undefined && { advice }) }
}

async function gather(engine: ContainerEngine, signal: AbortSignal | undefined): Promise<EngineFacts> {
  const version = await engine.version({ signal })
  const askedAtMs = Date.now()
  const info = await engine.info({ signal })
  const answeredAtMs = Date.now()
  const [disk, dataMount] = isLocal(engine) ? await lookAtDisk(info.rootDir) : []
  const supervisorMissing = whyNoSupervisor(version.architecture)
  return {
    version,
    info,
    apiVersion: engine.apiVersion,
    clockSkewMs: info.systemTime.getTime() - (askedAtMs + answeredAtMs) / 2,
    clockErrorMs: (answeredAtMs - askedAtMs) / 2,
    ...(disk && { disk }),
    ...(dataMount && { dataMount }),
    ...(supervisorMissing !== undefined && { supervisorMissing }),
  }
}

function isLocal({ address }: ContainerEngine): boolean {
  return address.startsWith('unix:') && process.platform === 'linux'
}

async function lookAtDisk(rootDir: string): Promise<[EngineFacts['disk'], EngineFacts['dataMount']]> {
  try {
    const { bavail, blocks, bsize } = await statfs(rootDir)
    const mounts = await readFile('/proc/self/mountinfo', 'utf8')
    return [{ freeBytes: bavail * bsize, totalBytes: blocks * bsize }, mountOf(rootDir, mounts)]
  } catch {
    return [undefined, undefined] // a folder of another machine, or not ours to see
  }
}

/** The mount that a folder is on, by the longest mount point above it. Fields as in proc(5). */
function mountOf(folder: string, mountinfo: string): EngineFacts['dataMount'] {
  const mounts = mountinfo.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ')
    const point = before.split(' ')[4]
    const [type = '', , options = ''] = after.split(' ')
    const above = point === '/' || folder === point || folder.startsWith(`${point}/`)
    return point !== undefined && above ? [{ point, type, options }] : []
  })
  return mounts.sort((one, other) => other.point.length - one.point.length)[0]
}

function whyNoSupervisor(architecture: string): string | undefined {
  try {
    supervisorPath(architecture)
    return undefined
  } catch (error) {
    if (isContainersError(error)) return error.message
    throw error
  }
}
