import type { ContainerEngine } from '../container-engine.js'
import type { VolumeInspection } from '../engine-types.js'
import type { Calls } from './calls.js'
import { pathPart } from './safe-name.js'
import type { Subject } from './subject.js'

type VolumeCalls = Pick<ContainerEngine, 'createVolume' | 'inspectVolume' | 'removeVolume'>

/** Volumes of the engine's local driver. */
export function volumeCalls(calls: Calls): VolumeCalls {
  const about = (name: string, action: string): Subject => ({ thing: 'volume', name, action })
  const of = (name: string) => calls.docker.getVolume(pathPart('volume', name))
  return {
    createVolume: (name, labels, options) =>
      calls.unary(about(name, 'create'), options, async (abortSignal) => {
        const body = { Name: name, Labels: labels }
        const dial = { path: '/volumes/create', method: 'POST', options: { _body: body }, abortSignal }
        return fromVolume((await calls.modem.send(dial)) as RawVolume)
      }),
    inspectVolume: (name, options) =>
      calls.unary(about(name, 'inspect'), options, async (abortSignal) =>
        fromVolume(await of(name).inspect({ abortSignal })),
      ),
    removeVolume: (name, options) =>
      calls.unary(
        about(name, 'remove'),
        options,
        async (abortSignal) => void (await of(name).remove({ abortSignal })),
      ),
  }
}

interface RawVolume {
  Name: string
  Labels?: Record<string, string> | null
  Mountpoint: string
}

function fromVolume({ Name, Labels, Mountpoint }: RawVolume): VolumeInspection {
  return { name: Name, labels: Labels ?? {}, mountpoint: Mountpoint }
}
