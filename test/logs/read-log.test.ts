import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { ContainerEngine } from '../../src/engine/container-engine.js'
import type { EngineVersion, LogRequest } from '../../src/engine/engine-types.js'
import { ContainersError } from '../../src/errors/containers-error.js'
import { stampToSince, type StampedEntry } from '../../src/logs/log-entry.js'
import type { LogOptions } from '../../src/logs/log-options.js'
import { openLogs } from '../../src/logs/open-logs.js'
import { entry, frame, stamp } from './entries.js'

const lost = new ContainersError('CONNECTION_LOST', 'Cut.')
const gone = new ContainersError('CONTAINER_NOT_FOUND', 'Gone.')
const away = new ContainersError('ENGINE_UNREACHABLE', 'Away.')

/** One connection that follows: what the log holds, what is said twice, and how it ends; an error is a refusal. */
type Connection = { log: StampedEntry[]; twice?: StampedEntry; cut?: boolean } | ContainersError

/** An engine with one container, which ends with the last of the connections. */
function engineOf(connections: Connection[], product: EngineVersion['product'] = 'docker'): ContainerEngine {
  let log: StampedEntry[] = []
  const containerLogs = ({ follow, since = '', until = '~', tail = Infinity }: LogRequest): Readable => {
    const connection: Connection | undefined = follow ? connections.shift() : { log }
    if (connection === undefined || connection instanceof Error) throw connection ?? gone
    log = connection.log
    const wanted = log.filter(({ stamp: at }) => stampToSince(at) >= since && stampToSince(at) <= until)
    const given = wanted.slice(Math.max(0, wanted.length - tail))
    return Readable.from(
      (async function* () {
        yield Buffer.concat(
          given.flatMap((one) => (one === connection.twice ? [one, one] : [one])).map(frame),
        )
        await Promise.resolve()
        if (connection.cut === true) throw lost
      })(),
    )
  }
  return {
    inspectContainer: () =>
      Promise.resolve({
        name: 'web',
        config: { terminal: false },
        host: { logDriver: 'json-file' },
        state: { running: connections.length > 0 },
      }),
    version: () => Promise.resolve({ product }),
    containerLogs: async (_: string, request: LogRequest) =>
      Promise.resolve().then(() => containerLogs(request)),
  } as unknown as ContainerEngine
}

async function followed(engine: ContainerEngine, options: LogOptions = {}): Promise<string[]> {
  const texts: string[] = []
  for await (const { stream, text } of openLogs(engine, 'web', { follow: true, ...options }).lines()) {
    texts.push(stream === 'stdout' ? text : `${stream}: ${text}`)
  }
  return texts
}

describe('a log whose connection is cut', () => {
  it('is asked for from a second earlier on, for what the other stream had yet to say', async () => {
    const late = entry(4, 'late\n', 'stderr')
    const engine = engineOf([
      { log: [entry(1), entry(5)], cut: true },
      { log: [entry(1), entry(5), late, entry(6)] },
    ])
    expect(await followed(engine)).toEqual(['1', '5', 'stderr: late', '6'])
  })

  it('is not cut short again where only its end was wanted', async () => {
    const log = [1, 2, 3, 4, 5, 6, 7].map((n) => entry(n))
    const engine = engineOf([{ log: log.slice(0, 3), cut: true }, { log }])
    expect(await followed(engine, { tail: 2 })).toEqual(['2', '3', '4', '5', '6', '7'])
  })

  it('waits for an engine that is away for a while', async () => {
    const log = [entry(1), entry(2)]
    expect(await followed(engineOf([{ log: [entry(1)], cut: true }, away, away, { log }]))).toEqual([
      '1',
      '2',
    ])
  })

  it('says that something may be missing when the container was removed meanwhile', async () => {
    const engine = engineOf([{ log: [entry(1), entry(2)], cut: true }, gone])
    expect(await followed(engine)).toEqual(['1', '2', `gap: Log entries may be missing after ${stamp(2)}.`])
  })
})

it('gives a line once that the engine says twice, as it does when the file was rotated', async () => {
  const log = [entry(1), entry(2), entry(3)]
  expect(await followed(engineOf([{ log, twice: log[1] as StampedEntry }]))).toEqual(['1', '2', '3'])
})

it('gives both of two equal lines of one moment, as other engines have them', async () => {
  const log = [entry(1), entry(2), entry(2), entry(3)]
  expect(await followed(engineOf([{ log }], 'podman'))).toEqual(['1', '2', '2', '3'])
})
