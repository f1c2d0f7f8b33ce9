import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { DockerHarness, DockerRunner } from '@anyon/containers'
import Docker from 'dockerode'
import { ensureEngine } from '../../docker/scripts/engine.mjs'
import { BUSYBOX_IMAGE, ensureImages } from '../../docker/scripts/images.mjs'
import { ownerLabel, TEST_LABEL } from '../../docker/scripts/lib/sweep.mjs'

export { BUSYBOX_IMAGE }
export const labels = { [TEST_LABEL]: ownerLabel(process.pid) }

const runFile = promisify(execFile)

/**
 * One engine, seen through the package, through dockerode and through the docker CLI. Everything made with it goes
 * with `close`; what a killed run leaves is swept by the tests' own sweep, since it carries their label.
 */
export async function openWorkbench() {
  const endpoint = await ensureEngine()
  await ensureImages(endpoint, ['busybox'])
  const harness = await DockerHarness.connect({ host: endpoint })
  const closers = [() => harness.close()]
  const onClose = (closer) => void closers.unshift(closer)
  let closing
  const close = () => (closing ??= closeNow()) // whoever comes second must wait as well
  const closeNow = async () => {
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted)
    for (const closer of closers.splice(0)) {
      await closer().catch((error) => console.error('could not clean up:', error))
    }
  }
  const interrupted = (signal, number) => void close().then(() => process.exit(128 + number))
  process.on('SIGINT', interrupted).on('SIGTERM', interrupted)
  return {
    endpoint,
    harness,
    docker: connectDockerode(endpoint),
    onClose,
    /** A running container with the supervisor as process 1, and a runner on it. */
    async container(options = {}, runnerOptions = {}) {
      const container = await harness.create({ image: BUSYBOX_IMAGE, init: 'supervisor', labels, ...options })
      onClose(() => container.remove({ force: true }))
      await container.start()
      const runner = new DockerRunner({ harness, container, ...runnerOptions })
      onClose(() => runner.close())
      return { container, runner }
    },
    /** The docker CLI on the same engine. */
    async cli(...args) {
      const { stdout } = await runFile('docker', ['--host', endpoint, ...args])
      return stdout
    },
    close,
  }
}

function connectDockerode(endpoint) {
  const { protocol, pathname, hostname, port } = new URL(endpoint)
  if (protocol === 'unix:') return new Docker({ socketPath: decodeURIComponent(pathname) })
  if (process.env.DOCKER_TLS_VERIFY) return new Docker() // it reads the environment itself
  return new Docker({ protocol: 'http', host: hostname, port: port || 2375 })
}

/** A command as dockerode's users run one: exec, its stream to the end, inspect for the code. */
export async function execWithInspect(docker, id, argv) {
  const exec = await docker.getContainer(id).exec({ Cmd: argv, AttachStdout: true, AttachStderr: true })
  const stream = await exec.start({ hijack: true })
  stream.resume()
  await once(stream, 'close')
  const { ExitCode } = await exec.inspect()
  if (ExitCode !== 0) throw new Error(`${argv[0]} ended with ${ExitCode}`)
}

/** An exec whose stdin is open: its hijacked stream. */
export async function openExec(docker, id, argv) {
  const exec = await docker
    .getContainer(id)
    .exec({ Cmd: argv, AttachStdin: true, AttachStdout: true, AttachStderr: true })
  return exec.start({ hijack: true, stdin: true })
}

/** Milliseconds that `work` takes. */
export async function timed(work) {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

/** A function that has `work` done `times` times, and gives the median time in milliseconds. */
export function repeated(times, work) {
  return async () => {
    const all = []
    for (let n = 0; n < times; n++) all.push(await timed(work))
    return all.sort((a, b) => a - b)[times >> 1]
  }
}

/** Throws unless the command ended well. */
export function mustSucceed({ exit }) {
  if (!exit.succeeded) throw new Error(`the command did not succeed: ${JSON.stringify(exit)}`)
}
