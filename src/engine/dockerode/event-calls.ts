import type { IncomingMessage } from 'node:http'
import { isContainersError } from '../../errors/containers-error.js'
import type { ContainerEngine } from '../container-engine.js'
import type { EngineEvent, EventFilters } from '../engine-types.js'
import type { Calls } from './calls.js'
import { jsonLines } from './json-lines.js'
import { LostReadable } from './lost-readable.js'
import type { Subject } from './subject.js'
import { toEvent } from './to-event.js'

const nanosPerSecond = 1_000_000_000n

/** The events of the engine. */
export function eventCalls(calls: Calls): Pick<ContainerEngine, 'events'> {
  const subject: Subject = { thing: 'engine', action: 'watch' }
  return {
    events: async ({ sinceNano, filters }, options) => {
      const query = {
        filters: JSON.stringify(toFilters(filters)),
        since: sinceNano === undefined ? undefined : toSeconds(sinceNano),
      }
      const dial = { path: '/events?', method: 'GET', isStream: true, options: { _query: query } }
      const stream = await calls.stream(subject, options, async (abortSignal) => {
        const response = (await calls.modem.send({ ...dial, abortSignal })) as IncomingMessage
        return new LostReadable(response, (error) => calls.error(error, subject))
      })
      return readEvents(stream)
    },
  }
}

/** Ends with the connection, cut or not: whoever listens has to ask for what it missed in both cases. */
async function* readEvents(stream: LostReadable): AsyncGenerator<EngineEvent, void> {
  try {
    for await (const line of jsonLines(stream, 'The events of the engine')) {
      const event = toEvent(line)
      if (event !== undefined) yield event
    }
  } catch (error) {
    if (!isContainersError(error, 'CONNECTION_LOST')) throw error
  }
}

function toFilters({ types, events, labels, containers }: EventFilters): Record<string, readonly string[]> {
  return {
    ...(types && { type: types }),
    ...(events && { event: events }),
    ...(labels && { label: labels }),
    ...(containers && { container: containers }),
  }
}

function toSeconds(nanos: bigint): string {
  return `${nanos / nanosPerSecond}.${String(nanos % nanosPerSecond).padStart(9, '0')}`
}
