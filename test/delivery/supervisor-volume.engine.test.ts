import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { supervisorBinary } from '../../src/delivery/supervisor-binary.js'
import { ensureSupervisorVolume } from '../../src/delivery/supervisor-volume.js'
import { connectEngine } from '../../src/engine/connect-engine.js'
import type { ContainerEngine } from '../../src/engine/container-engine.js'
import { BUSYBOX_IMAGE, startPrivateEngine, type PrivateEngine } from '../support/engine.js'

describe('the volume with the supervisor', () => {
  // An engine of its own: the volume of the shared one is in use.
  let own: PrivateEngine
  const engines: ContainerEngine[] = []
  const connect = async () => {
    const engine = await connectEngine({ host: own.endpoint })
    engines.push(engine)
    return engine
  }
  beforeAll(async () => {
    own = await startPrivateEngine()
  })
  afterAll(async () => {
    await Promise.all(engines.map((engine) => engine.close()))
    await own?.close()
  })

  const ensure = (engine: ContainerEngine, signal?: AbortSignal) =>
    ensureSupervisorVolume(engine, { image: BUSYBOX_IMAGE, architecture: process.arch, signal })

  test('is filled once, by many at the same time, and leaves nothing else', async () => {
    const [one, two] = [await connect(), await connect()]
    const mounts = await Promise.all([ensure(one), ensure(one), ensure(two), ensure(two)])
    const { hash, bytes } = await supervisorBinary(process.arch)
    expect(mounts[0]).toEqual({
      mount: {
        type: 'volume',
        source: `anyon-supervisor-${hash}`,
        target: '/.anyon',
        readOnly: true,
        noCopy: true,
      },
      entrypoint: ['/.anyon/supervisor', 'init'],
    })
    expect(new Set(mounts.map(({ mount }) => JSON.stringify(mount))).size).toBe(1)
    expect(await one.listContainers({ all: true })).toEqual([])
    const { mountpoint } = await one.inspectVolume(`anyon-supervisor-${hash}`)
    expect(mountpoint).toContain(hash)
    expect(bytes.length).toBeLessThanOrEqual(128 * 1024)
  })

  test('that was pruned is filled again', async () => {
    const engine = await connect()
    const { mount } = await ensure(engine)
    if (mount.type !== 'volume') throw new Error('not a volume')
    await engine.removeVolume(mount.source)
    await ensure(engine)
    expect((await engine.inspectVolume(mount.source)).labels['anyon.supervisor']).toMatch(/^[0-9a-f]{16}$/)
  })

  test('of an image that does not exist, or of a call called off, is an error that leaves nothing', async () => {
    const engine = await connect()
    await expect(
      ensureSupervisorVolume(engine, { image: 'anyon-no-such-image', architecture: process.arch }),
    ).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' })
    await expect(ensure(engine, AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORTED' })
    await ensure(engine)
    expect(await engine.listContainers({ all: true })).toEqual([])
  })
})
