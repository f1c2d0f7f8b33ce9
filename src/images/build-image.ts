import type { ContainerEngine } from '../engine/container-engine.js'
import { ContainersError, isContainersError } from '../errors/containers-error.js'
import { buildContext } from './build-context.js'
import type { BuildProgress, BuildSource } from './image-options.js'

const LOG_LINES = 20
/** What the engine colours a step's stderr with. */
const colours = /\u001b\[\d*m/g
const stepLine = /^Step \d+\/\d+ : .*/

/**
 * Builds an image from a folder and gives its id. Throws `BUILD_FAILED` with the step and the last lines of its
 * output, `PATH_NOT_FOUND`, `INVALID_OPTION`, `ABORTED`.
 */
export async function buildImage(
  engine: ContainerEngine,
  source: BuildSource,
  tags: readonly string[],
  report: (progress: BuildProgress) => void,
  signal: AbortSignal,
): Promise<string> {
  const { folder, dockerfile = 'Dockerfile', target, network } = source
  const image = tags[0] ?? ''
  const context = await buildContext(folder, dockerfile)
  const log: string[] = []
  let step: string | undefined
  let id: string | undefined
  const failure = (reason: string, cause?: unknown): ContainersError => {
    const where = step === undefined ? '' : ` at ${JSON.stringify(step)}`
    const message = `Building ${image || folder} failed${where}: ${reason.trim()}\n${log.slice(-LOG_LINES).join('\n')}`
    return new ContainersError('BUILD_FAILED', message.trim(), {
      cause,
      details: { ...(step !== undefined && { step }), log: log.slice(-LOG_LINES) },
    })
  }
  try {
    const request = {
      dockerfile,
      tags,
      buildArgs: source.buildArgs ?? {},
      labels: source.labels ?? {},
      noCache: source.noCache ?? false,
      pull: source.pullBase ?? false,
      ...(target !== undefined && { target }),
      ...(network !== undefined && { network }),
    }
    for await (const message of await engine.buildImage(context, request, { signal })) {
      if (message.error !== undefined) throw failure(message.error)
      id = message.imageId ?? id
      const text = (message.stream ?? message.status)?.replace(colours, '')
      if (text === undefined) continue
      step = stepLine.exec(text)?.[0] ?? step
      const lines = text.split('\n').filter((line) => line.trim() !== '')
      log.push(...lines)
      log.splice(0, log.length - LOG_LINES)
      report({ kind: 'build', image, text, ...(step !== undefined && { step }) })
    }
    if (id === undefined) throw failure('the engine did not say what it built')
    return id
  } catch (error) {
    // A Dockerfile that cannot be read is refused before the first step.
    const refused = isContainersError(error, 'INVALID_OPTION') || isContainersError(error, 'ENGINE_ERROR')
    throw refused ? failure(error.message, error) : error
  } finally {
    context.destroy()
  }
}
