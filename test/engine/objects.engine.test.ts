import { Readable } from 'node:stream'
import { pack } from 'tar-stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectEngine } from '../../src/engine/connect-engine.js'
import type { ContainerEngine } from '../../src/engine/container-engine.js'
import type { EngineEvent, ProgressMessage } from '../../src/engine/engine-types.js'
import { BUSYBOX_IMAGE, engineRequest, testEndpoint, testLabels } from '../support/engine.js'
import { startFaultProxy } from '../support/fault-proxy.js'
import { createRequest, freshName } from '../support/create-request.js'

let engine: ContainerEngine
const undo: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  engine = await connectEngine({ host: testEndpoint() })
})
afterAll(async () => {
  for (const step of undo.reverse()) await step().catch(() => {})
  await engine.close()
})

describe('images', () => {
  const build = (dockerfile: string, given: object = {}) => {
    const tar = pack()
    tar.entry({ name: 'Dockerfile' }, dockerfile)
    tar.finalize()
    const request = {
      dockerfile: 'Dockerfile',
      tags: [],
      buildArgs: {},
      labels: testLabels(),
      noCache: true,
      pull: false,
    }
    return engine.buildImage(Readable.from(tar), { ...request, ...given })
  }
  const all = async (messages: AsyncIterable<ProgressMessage>): Promise<ProgressMessage[]> => {
    const list: ProgressMessage[] = []
    for await (const message of messages) list.push(message)
    return list
  }

  test('are built, inspected, tagged and removed', async () => {
    const [name, other] = [`${freshName()}:one`, `${freshName()}:two`]
    undo.push(
      () => engine.removeImage(name, { force: true }),
      () => engine.removeImage(other, { force: true }),
    )
    const dockerfile = `FROM ${BUSYBOX_IMAGE}\nARG WORD\nENV SAID=$WORD\nUSER 12\nWORKDIR /here\nENTRYPOINT ["sh"]\nCMD ["-c", "true"]\n`
    const messages = await all(await build(dockerfile, { tags: [name], buildArgs: { WORD: 'grüezi' } }))
    const { imageId } = messages.find((message) => message.imageId !== undefined) ?? {}
    const image = await engine.inspectImage(name)
    expect(image).toMatchObject({
      id: imageId,
      tags: [name],
      os: 'linux',
      user: '12',
      workingDir: '/here',
      entrypoint: ['sh'],
      command: ['-c', 'true'],
      labels: testLabels(),
    })
    expect(image.env).toContain('SAID=grüezi')
    await engine.tagImage(name, other)
    expect((await engine.inspectImage(other)).id).toBe(imageId)
    await engine.removeImage(name, { force: false })
    await expect(engine.inspectImage(name)).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' })
  })

  test('a build that fails at a step says so in its stream', async () => {
    const messages = await all(await build(`FROM ${BUSYBOX_IMAGE}\nRUN exit 3\n`, { network: 'none' }))
    expect(messages.at(-1)?.error).toContain('returned a non-zero code: 3')
  })

  test('a pull that fails throws, and neither name nor password of the registry is in it', async () => {
    const auth = { username: 'somebody', password: 'sentinel-4711' }
    const failure = await engine
      .pullImage('127.0.0.1:1/none:1', auth)
      .then((messages) => all(messages))
      .catch((error: unknown) => error as Error & { details: object; cause: Error })
    expect(failure).toMatchObject({ code: 'PULL_FAILED', retryable: true })
    const { stack, cause, details } = failure as Error & { details: object; cause: Error }
    const told = JSON.stringify([failure, stack, details, cause, cause.stack, Object.entries(cause)])
    expect(told).not.toMatch(/sentinel|somebody|Registry-Auth/)
    expect(told).not.toContain(Buffer.from(JSON.stringify(auth)).toString('base64').slice(0, 20))
  })
})

describe('volumes and networks', () => {
  test('a volume is created, inspected and removed', async () => {
    const name = freshName()
    undo.push(() => engine.removeVolume(name))
    const made = await engine.createVolume(name, testLabels())
    expect(made).toMatchObject({ name, labels: testLabels() })
    expect(await engine.inspectVolume(name)).toEqual(made)
    await engine.removeVolume(name)
    expect((await engineRequest('GET', `/volumes/${name}`)).status).toBe(404)
    await expect(engine.inspectVolume(name)).rejects.toMatchObject({ code: 'VOLUME_NOT_FOUND' })
  })

  test('a network is created, inspected and removed, and its name is taken', async () => {
    const request = { name: freshName(), internal: true, labels: testLabels() }
    const id = await engine.createNetwork(request)
    undo.push(() => engine.removeNetwork(id))
    expect(await engine.inspectNetwork(id)).toEqual({ id, ...request, containers: [] })
    await expect(engine.createNetwork(request)).rejects.toMatchObject({ code: 'NAME_TAKEN' })
    await engine.removeNetwork(id)
    await expect(engine.inspectNetwork(id)).rejects.toMatchObject({ code: 'NETWORK_NOT_FOUND' })
  })
})

describe('events', () => {
  async function take(events: AsyncIterable<EngineEvent>, until: string): Promise<EngineEvent[]> {
    const seen: EngineEvent[] = []
    for await (const event of events) {
      seen.push(event)
      if (event.action === until) break
    }
    return seen
  }

  test('are told as they happen and again from a time on, to the nanosecond', async () => {
    const watching = await engine.events({
      filters: { types: ['container'], labels: [`probe=${process.pid}`] },
    })
    const { id } = await engine.createContainer(
      createRequest({
        command: ['sh', '-c', 'exit 5'],
        labels: { ...testLabels(), probe: String(process.pid) },
      }),
    )
    undo.push(() => engine.removeContainer(id, { force: true, volumes: true }))
    await engine.startContainer(id)
    const seen = await take(watching, 'die')
    expect(seen.map(({ action }) => action)).toEqual(['create', 'start', 'die'])
    const die = seen.at(-1) as EngineEvent
    expect(die).toMatchObject({ type: 'container', actorId: id, attributes: { exitCode: '5' } })
    expect(Number(die.timeNano / 1_000_000n)).toBeGreaterThan(Date.now() - 60_000)
    const again = await take(
      await engine.events({ sinceNano: die.timeNano, filters: { containers: [id] } }),
      'die',
    )
    expect(again).toEqual([die])
  })

  test('end when their connection does', async () => {
    const proxy = await startFaultProxy(testEndpoint())
    const proxied = await connectEngine({ host: proxy.endpoint })
    try {
      const events = await proxied.events({ filters: { labels: ['nobody=has'] } })
      const all = take(events, 'never')
      expect(proxy.cut(/\/events/)).toBe(1)
      expect(await all).toEqual([])
    } finally {
      await proxied.close()
      await proxy.close()
    }
  })

  test('end with their signal', async () => {
    const controller = new AbortController()
    const all = take(await engine.events({ filters: {} }, { signal: controller.signal }), 'never')
    controller.abort()
    await expect(all).rejects.toMatchObject({ code: 'ABORTED' })
  })
})

describe('what goes wrong', () => {
  test('two removals at once both succeed', async () => {
    const { id } = await engine.createContainer(createRequest())
    await engine.startContainer(id)
    await Promise.all(
      Array.from({ length: 4 }, () => engine.removeContainer(id, { force: true, volumes: true })),
    )
    expect((await engineRequest('GET', `/containers/${id}/json`)).status).toBe(404)
  })

  test.each(['', '.', '..', '../info', 'a/b'])(
    'a container named %o is refused before any call',
    async (name) => {
      await expect(engine.inspectContainer(name)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
      await expect(engine.inspectImage(`x/../${name}`)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    },
  )

  test('what means something in a URL means nothing in a name', async () => {
    await expect(engine.inspectContainer('a?b#c%2e d')).rejects.toMatchObject({ code: 'CONTAINER_NOT_FOUND' })
  })

  test('an aborted call, a late call and a call after the end', async () => {
    const aborted = AbortSignal.abort(new Error('enough'))
    await expect(engine.info({ signal: aborted })).rejects.toMatchObject({
      code: 'ABORTED',
      cause: aborted.reason as unknown,
    })
    const proxy = await startFaultProxy(testEndpoint())
    const proxied = await connectEngine({ host: proxy.endpoint })
    proxy.faults = { delayMs: 300 }
    await expect(proxied.info({ deadlineMs: 50 })).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    await proxied.close()
    await proxied.close()
    await expect(proxied.ping()).rejects.toMatchObject({ code: 'CLOSED' })
    await proxy.close()
  })
})
