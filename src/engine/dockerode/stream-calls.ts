import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ContainerEngine } from '../container-engine.js'
import type { Calls } from './calls.js'
import { LostReadable } from './lost-readable.js'
import { pathPart } from './safe-name.js'
import type { Subject } from './subject.js'
import { upgraded } from './upgraded.js'

type StreamCalls = Pick<ContainerEngine, 'containerLogs' | 'attachContainer'>

/** What a container says, and what it is told. */
export function streamCalls(calls: Calls): StreamCalls {
  const of = (id: string) => calls.docker.getContainer(pathPart('container', id))
  return {
    containerLogs: (id, { follow, stdout, stderr, timestamps, since, until, tail }, options) => {
      const subject: Subject = { thing: 'container', name: id, action: 'read the logs of' }
      const query = { follow, stdout, stderr, timestamps, since, until, tail }
      const dial = { method: 'GET', path: `/containers/${pathPart('container', id)}/logs?`, isStream: true }
      // Not by dockerode's own method, which gathers all of a log in memory unless it is followed.
      return calls.stream(subject, options, async (abortSignal) => {
        const sent = calls.modem.send({ ...dial, options: { _query: query }, abortSignal })
        return new LostReadable((await sent) as IncomingMessage, (error) => calls.error(error, subject))
      })
    },
    attachContainer: (id, { stdin, stdout, stderr }, options) => {
      const subject: Subject = { thing: 'container', name: id, action: 'attach to' }
      const query = { stream: true, stdin, stdout, stderr }
      return calls.stream(subject, options, async (abortSignal) =>
        upgraded(
          (await of(id).attach({ ...query, hijack: true, abortSignal })) as Duplex | IncomingMessage,
          subject,
        ),
      )
    },
  }
}
