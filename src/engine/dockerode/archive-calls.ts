import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { ContainersError } from '../../errors/containers-error.js'
import type { ContainerEngine } from '../container-engine.js'
import type { ArchiveStat } from '../engine-types.js'
import type { Calls } from './calls.js'
import { HttpError } from './http-error.js'
import { LostReadable } from './lost-readable.js'
import { readBody } from './read-body.js'
import { pathPart } from './safe-name.js'
import type { Subject } from './subject.js'

type ArchiveCalls = Pick<ContainerEngine, 'putArchive' | 'getArchive' | 'statArchive'>

/** Files by the engine's archive call: of the container's own layer and its volumes, never of a tmpfs. */
export function archiveCalls(calls: Calls): ArchiveCalls {
  const about = (name: string, path: string, action: string): Subject => ({
    thing: 'container',
    name,
    path,
    action,
  })
  const dial = (id: string, query: object) => ({
    path: `/containers/${pathPart('container', id)}/archive?`,
    options: { _query: query },
  })
  return {
    putArchive: async (id, path, tar, options) => {
      const request = { ...dial(id, { path, noOverwriteDirNonDir: true }), method: 'PUT', file: tar }
      // As long as the source takes: a deadline would cut large or slow uploads, which leaves half a file.
      const deadlineMs = tar instanceof Readable ? Infinity : undefined
      await calls.unary(
        about(id, path, 'put files into'),
        options,
        (abortSignal) => calls.modem.send({ ...request, abortSignal }),
        deadlineMs,
      )
    },
    getArchive: (id, path, options) => {
      const subject = about(id, path, 'read files of')
      const request = { ...dial(id, { path }), method: 'GET', isStream: true }
      return calls.stream(subject, options, async (abortSignal) => {
        const response = (await calls.modem.send({ ...request, abortSignal })) as IncomingMessage
        return new LostReadable(response, (error) => calls.error(error, subject))
      })
    },
    statArchive: (id, path, options) =>
      calls.unary(about(id, path, 'look at a path of'), options, async (abortSignal) => {
        const request = { ...dial(id, { path }), method: 'HEAD', isStream: true }
        const sent = calls.modem.send({ ...request, abortSignal })
        const response = (await sent.catch(async (error: unknown) => {
          if (!(error instanceof HttpError) || error.statusCode !== 404) throw error
          // The answer to a HEAD has no words: it is the path that is missing, unless the container is.
          await calls.docker.getContainer(pathPart('container', id)).inspect({ abortSignal })
          throw new HttpError(404, `Could not find the file ${path}`, error.method, error.path)
        })) as IncomingMessage
        await readBody(response)
        return parseStat(response.headers['x-docker-container-path-stat'])
      }),
  }
}

function parseStat(header: string | string[] | undefined): ArchiveStat {
  try {
    const text = Buffer.from(String(header), 'base64').toString('utf8')
    const stat = JSON.parse(text) as { name: string; size: number; mode: number; linkTarget?: string }
    return { name: stat.name, sizeBytes: stat.size, mode: stat.mode, linkTarget: stat.linkTarget ?? '' }
  } catch (cause) {
    throw new ContainersError('ENGINE_PROTOCOL', 'The engine did not say what is at the path.', { cause })
  }
}
