import type { IncomingMessage } from 'node:http'
import type { ImageInspectInfo } from 'dockerode'
import type { ContainerEngine } from '../container-engine.js'
import type { ImageInspection, ProgressMessage } from '../engine-types.js'
import type { Calls } from './calls.js'
import { dateOf } from './date-of.js'
import { HttpError } from './http-error.js'
import { jsonLines } from './json-lines.js'
import { LostReadable } from './lost-readable.js'
import { toProgress } from './progress.js'
import { imagePath } from './safe-name.js'
import { splitReference } from './split-reference.js'
import type { Subject } from './subject.js'

type ImageCalls = Pick<
  ContainerEngine,
  'inspectImage' | 'pullImage' | 'buildImage' | 'tagImage' | 'removeImage'
>

/** A registry may take its time before the first word of progress. */
const pullHeadersMs = 120_000

/** Images. */
export function imageCalls(calls: Calls): ImageCalls {
  const about = (name: string, action: string): Subject => ({ thing: 'image', name, action })
  const of = (reference: string) => calls.docker.getImage(imagePath(reference))
  const inspectOf = (reference: string) => ({ method: 'GET', path: `/images/${imagePath(reference)}/json` })
  return {
    inspectImage: (reference, options) =>
      calls.unary(about(reference, 'inspect'), options, async (abortSignal) =>
        fromImage((await calls.modem.send({ ...inspectOf(reference), abortSignal })) as ImageInspectInfo),
      ),
    pullImage: async (reference, auth, options) => {
      const subject = about(reference, 'pull')
      const { name, tag } = splitReference(reference)
      const dial = { path: '/images/create?', method: 'POST', isStream: true, authconfig: auth }
      const open = (abortSignal: AbortSignal) =>
        calls.modem.send({ ...dial, options: { _query: { fromImage: name, tag } }, abortSignal })
      const stream = await calls.stream(subject, options, body(calls, subject, open), pullHeadersMs)
      return pullProgress(calls, subject, stream)
    },
    buildImage: async (tar, request, options) => {
      const { dockerfile, tags, buildArgs, labels, target, noCache, pull, network } = request
      const subject = about(tags[0] ?? '', 'build')
      const query = {
        dockerfile,
        t: [...tags],
        buildargs: JSON.stringify(buildArgs),
        labels: JSON.stringify(labels),
        target,
        nocache: noCache,
        pull: pull || undefined,
        networkmode: network,
        rm: true,
        forcerm: true,
      }
      const open = (abortSignal: AbortSignal) =>
        calls.docker.buildImage(tar, { _query: query, abortSignal } as object)
      // The headers come with the first word, which may be after all of the context was sent.
      const stream = await calls.stream(subject, options, body(calls, subject, open), Infinity)
      return progress(stream, 'The progress of the build')
    },
    tagImage: (reference, tag, options) =>
      calls.unary(about(reference, 'tag'), options, async (abortSignal) => {
        const { name, tag: tagged } = splitReference(tag)
        await of(reference).tag({ repo: name, tag: tagged, abortSignal })
      }),
    removeImage: (reference, { force }, options) =>
      calls.unary(
        about(reference, 'remove'),
        options,
        async (abortSignal) => void (await of(reference).remove({ force, abortSignal })),
      ),
  }
}

function body(calls: Calls, subject: Subject, open: (abortSignal: AbortSignal) => Promise<unknown>) {
  return async (abortSignal: AbortSignal): Promise<LostReadable> =>
    new LostReadable((await open(abortSignal)) as IncomingMessage, (error) => calls.error(error, subject))
}

async function* progress(stream: LostReadable, what: string): AsyncGenerator<ProgressMessage, void> {
  for await (const { value } of jsonLines(stream, what)) yield toProgress(value)
}

/** The answer of a pull begins as a success; its failure is a message like any other. */
async function* pullProgress(
  calls: Calls,
  subject: Subject,
  stream: LostReadable,
): AsyncGenerator<ProgressMessage, void> {
  for await (const message of progress(stream, 'The progress of the pull')) {
    if (message.error === undefined) yield message
    else throw calls.error(new HttpError(200, message.error, 'POST', '/images/create'), subject)
  }
}

function fromImage(info: ImageInspectInfo): ImageInspection {
  const config = (info.Config as Partial<ImageInspectInfo['Config']> | null | undefined) ?? {}
  const list = (value: string | string[] | null | undefined): string[] =>
    typeof value === 'string' ? [value] : (value ?? [])
  return {
    id: info.Id,
    tags: info.RepoTags ?? [],
    architecture: info.Architecture,
    os: info.Os,
    sizeBytes: info.Size,
    ...dateOf('createdAt', info.Created),
    labels: config.Labels ?? {},
    env: config.Env ?? [],
    user: config.User ?? '',
    workingDir: config.WorkingDir ?? '',
    entrypoint: list(config.Entrypoint),
    command: list(config.Cmd),
  }
}
