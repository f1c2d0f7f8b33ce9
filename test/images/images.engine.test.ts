import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ContainerEngine } from '../../src/engine/container-engine.js'
import type { BuildProgress, ImageProgress, PullProgress } from '../../src/images/image-options.js'
import { Images } from '../../src/images/images.js'
import { createDeferred } from '../../src/internal/deferred.js'
import { BUSYBOX_IMAGE, engineRequest, testEndpoint, testLabels } from '../support/engine.js'
import { startFaultProxy } from '../support/fault-proxy.js'
import { testEngine } from '../support/io-container.js'
import { startFakeRegistry, type FakeRegistry } from './fake-registry.js'

let engine: ContainerEngine
let images: Images
let registry: FakeRegistry
let folder: string
let tag: string
const made = new Set<string>()

beforeAll(async () => {
  engine = await testEngine()
  images = new Images(engine)
  registry = await startFakeRegistry(testLabels())
})
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'anyon-build-'))
  tag = named(`io-${randomBytes(6).toString('hex')}`)
  registry.requests.length = 0
  registry.failures = 0
  registry.credentials = undefined
  registry.gate = Promise.resolve()
})
afterEach(async () => {
  for (const reference of made) await images.remove(reference, { force: true })
  made.clear()
  await rm(folder, { recursive: true, force: true })
})
afterAll(async () => {
  await registry.close()
  await engine.close()
})

function named(reference: string): string {
  made.add(reference)
  return reference
}

const inRegistry = (): string => named(registry.reference(`io-${randomBytes(6).toString('hex')}`))

describe('pulling', () => {
  it('brings the image, with progress by layer', async () => {
    const reference = inRegistry()
    const progress: PullProgress[] = []
    expect(await images.exists(reference)).toBe(false)
    await images.pull(reference, { onProgress: (one) => progress.push(one) })
    expect(await images.inspect(reference)).toMatchObject({ tags: [reference], labels: testLabels() })
    expect(progress.every(({ kind, image }) => kind === 'pull' && image === reference)).toBe(true)
    expect(progress.some(({ layer, status }) => layer !== undefined && status === 'Pull complete')).toBe(true)
    expect(progress.some(({ currentBytes = 0, totalBytes }) => currentBytes > 0 && totalBytes)).toBeTruthy()
  })

  it('is done once for all who ask, each of whom can leave', async () => {
    const reference = inRegistry()
    const gate = createDeferred<void>()
    registry.gate = gate.promise
    const leaving = new AbortController()
    const heard = [0, 0, 0]
    const pulls = heard.map((_, n) =>
      images.pull(reference, {
        onProgress: () => (heard[n] = (heard[n] ?? 0) + 1),
        ...(n === 0 && { signal: leaving.signal }),
      }),
    )
    const left = expect(pulls[0]).rejects.toMatchObject({ code: 'ABORTED' })
    await expect.poll(() => registry.requests.filter((one) => one === 'GET blobs').length).toBeGreaterThan(0)
    leaving.abort()
    await left
    gate.resolve()
    await Promise.all(pulls.slice(1))
    expect(registry.requests.filter((one) => one === 'HEAD manifests').length).toBe(1)
    expect(heard.slice(1).every((count) => count > 0)).toBe(true)
    expect(await images.exists(reference)).toBe(true)
  })

  it('is broken off when the last who asked leaves, and can begin anew', async () => {
    const reference = inRegistry()
    const gate = createDeferred<void>()
    registry.gate = gate.promise
    const proxy = await startFaultProxy(testEndpoint())
    const through = await testEngine(proxy.endpoint)
    try {
      const leaving = new AbortController()
      const pull = new Images(through).pull(reference, { signal: leaving.signal })
      await expect.poll(() => registry.requests.includes('GET blobs')).toBe(true)
      const open = proxy.open()
      leaving.abort()
      await expect(pull).rejects.toMatchObject({ code: 'ABORTED' })
      // The engine sees that its client has left once the registry lets it go on, or has just ended by then.
      gate.resolve()
      await expect.poll(() => proxy.open()).toBeLessThan(open)
    } finally {
      gate.resolve()
      await through.close()
      await proxy.close()
    }
    await images.pull(reference)
    expect(await images.exists(reference)).toBe(true)
  })

  it('tries again what may pass', async () => {
    const reference = inRegistry()
    registry.failures = 3
    await images.pull(reference)
    expect(await images.exists(reference)).toBe(true)
  })

  it('asks four times in all', async () => {
    registry.failures = Infinity
    let calls = 0
    const pullImage: ContainerEngine['pullImage'] = (...args) => {
      calls++
      return engine.pullImage(...args)
    }
    const counting = new Images({ ...engine, pullImage })
    await expect(counting.pull(inRegistry())).rejects.toMatchObject({ code: 'PULL_FAILED', retryable: true })
    expect(calls).toBe(4)
  })

  it('says what is not there, at once, and what did not answer, after trying', async () => {
    const missing = images.pull(registry.reference('missing'))
    await expect(missing).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' })
    expect(registry.requests.filter((one) => one === 'GET manifests').length).toBeLessThan(3)
    const closed = images.pull('127.0.0.1:1/nobody:v1')
    await expect(closed).rejects.toMatchObject({ code: 'PULL_FAILED', retryable: true })
    await expect(images.pull('Not Valid')).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })

  it('does not ask again where the answer would be the same', async () => {
    const asked = () => registry.requests.filter((one) => one === 'GET manifests').length
    const before = asked()
    const forbidden = images.pull(registry.reference('forbidden'))
    await expect(forbidden).rejects.toMatchObject({ code: 'PULL_FAILED', retryable: false })
    expect(asked() - before).toBeLessThan(3)
  })

  it('brings the credentials of its caller, and of no other who asks for the same', async () => {
    const reference = inRegistry()
    registry.credentials = 'ann:secret'
    const auth = { username: 'ann', password: 'secret' }
    const [without, wrong, right] = await Promise.allSettled([
      images.pull(reference),
      images.pull(reference, { auth: { ...auth, password: 'guess' } }),
      images.pull(reference, { auth }),
    ])
    const refused = { status: 'rejected', reason: { code: 'PULL_FAILED', retryable: false } }
    expect([without, wrong]).toMatchObject([refused, refused])
    expect(right.status).toBe('fulfilled')
  })

  it('rejects only the caller whose onProgress throws', async () => {
    const reference = inRegistry()
    const throwing = images.pull(reference, {
      onProgress: () => {
        throw new Error('mine')
      },
    })
    const [first, second] = await Promise.allSettled([throwing, images.pull(reference)])
    expect(first).toMatchObject({ status: 'rejected', reason: { message: 'mine' } })
    expect(second.status).toBe('fulfilled')
  })
})

describe('building', () => {
  it('makes an image from a folder, honouring its .dockerignore, with progress by step', async () => {
    await writeFile(
      join(folder, 'Dockerfile'),
      `FROM ${BUSYBOX_IMAGE}\nARG WORD\nCOPY . /in/\nRUN ls /in; echo "$WORD"`,
    )
    await writeFile(join(folder, '.dockerignore'), '*.secret\n')
    await writeFile(join(folder, 'kept.txt'), '')
    await writeFile(join(folder, 'dropped.secret'), '')
    const progress: ImageProgress[] = []
    const id = await images.build(folder, {
      tags: [tag],
      labels: testLabels(),
      buildArgs: { WORD: 'said-é' },
      noCache: true,
      onProgress: (one) => progress.push(one),
    })
    expect(await images.inspect(tag)).toMatchObject({ id, tags: [`${tag}:latest`], labels: testLabels() })
    const output = progress.flatMap((one) => (one.kind === 'build' ? [one.text] : [])).join('')
    expect(output).toContain('kept.txt')
    expect(output).toContain('said-é')
    expect(output).not.toContain('dropped.secret')
    const steps = new Set(progress.flatMap((one) => (one.kind === 'build' && one.step ? [one.step] : [])))
    expect([...steps].map((step) => step.replace(/^Step \d+\/\d+ : /, '')).slice(0, 4)).toEqual([
      `FROM ${BUSYBOX_IMAGE}`,
      'ARG WORD',
      'COPY . /in/',
      'RUN ls /in; echo "$WORD"',
    ])
  })

  it('takes the Dockerfile, the stage and the network that it is told', async () => {
    await writeFile(
      join(folder, 'Own.dockerfile'),
      `FROM ${BUSYBOX_IMAGE} AS wanted\nENV STAGE=wanted\nRUN ls /sys/class/net\nFROM ${BUSYBOX_IMAGE}\nENV STAGE=last`,
    )
    let output = ''
    const which = { dockerfile: 'Own.dockerfile', target: 'wanted', network: 'none', noCache: true }
    const onProgress = ({ text }: BuildProgress): void => void (output += text)
    await images.build(folder, { ...which, tags: [tag], labels: testLabels(), onProgress })
    expect((await images.inspect(tag)).env).toContain('STAGE=wanted')
    expect(output).toContain('lo\n')
    expect(output).not.toContain('eth0')
  })

  it('uses what was built before unless told not to, and shares no work with another build of the folder', async () => {
    const script = 'cat /proc/sys/kernel/random/uuid >/id'
    await writeFile(
      join(folder, 'Dockerfile'),
      `FROM ${BUSYBOX_IMAGE}\nARG WORD\nENV WORD=$WORD\nRUN ${script}`,
    )
    const labels = testLabels()
    const first = await images.build(folder, { tags: [tag], labels, noCache: true })
    expect(await images.build(folder, { tags: [tag], labels })).toBe(first)
    const anew = { tags: [named(`${tag}-anew`)], labels, noCache: true }
    expect(await images.build(folder, anew)).not.toBe(first)
    const words = ['one', 'two']
    const tags = words.map((word) => named(`${tag}-${word}`))
    await Promise.all(
      words.map((WORD, n) => images.build(folder, { tags: [tags[n] ?? ''], labels, buildArgs: { WORD } })),
    )
    const envs = await Promise.all(tags.map(async (one) => (await images.inspect(one)).env))
    expect(envs).toEqual(words.map((word) => expect.arrayContaining([`WORD=${word}`]) as unknown))
  })

  it('names the step that failed and its last lines, and leaves nothing', async () => {
    await writeFile(
      join(folder, 'Dockerfile'),
      `FROM ${BUSYBOX_IMAGE}\nRUN echo reason >&2; exit 3\nRUN true`,
    )
    const containers = async (): Promise<unknown> =>
      (await engine.listContainers({ all: true })).filter(({ image }) => image.startsWith('sha256:')).length
    const before = await containers()
    const error = await images
      .build(folder, { tags: [tag], labels: testLabels(), noCache: true })
      .catch((one: unknown) => one)
    expect(error).toMatchObject({
      code: 'BUILD_FAILED',
      details: {
        step: expect.stringMatching(/^Step 2\/\d+ : RUN echo reason >&2; exit 3$/),
        log: expect.arrayContaining(['reason']),
      },
    })
    expect((error as Error).message).toMatch(/returned a non-zero code: 3/)
    expect(await images.exists(tag)).toBe(false)
    expect(await containers()).toBe(before)
  })

  it.each([
    ['a Dockerfile that cannot be read', 'NONSENSE'],
    ['a base image that is not there', 'FROM 127.0.0.1:1/nobody:v1'],
  ])('%s is BUILD_FAILED', async (_, dockerfile) => {
    await writeFile(join(folder, 'Dockerfile'), dockerfile)
    await expect(images.build(folder, { tags: [tag] })).rejects.toMatchObject({ code: 'BUILD_FAILED' })
  })

  it('is refused without a Dockerfile or a tag', async () => {
    await expect(images.build(folder, { tags: [tag] })).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
    await expect(images.build(folder, { tags: [] })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    await expect(images.build(folder, { tags: ['Bad'] })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })

  it('is done once for all who ask, and broken off when they leave', async () => {
    await writeFile(
      join(folder, 'Dockerfile'),
      `FROM ${BUSYBOX_IMAGE}\nRUN cat /proc/sys/kernel/random/uuid; sleep 0.5`,
    )
    const options = { tags: [tag], labels: testLabels(), noCache: true }
    const [one, two] = await Promise.all([images.build(folder, options), images.build(folder, options)])
    expect(one).toBe(two)
    await writeFile(join(folder, 'Dockerfile'), `FROM ${BUSYBOX_IMAGE}\nRUN : ${tag}; echo begun; sleep 60`)
    const leaving = new AbortController()
    const aborted = images.build(folder, {
      ...options,
      signal: leaving.signal,
      onProgress: ({ text }) => text.trim() === 'begun' && leaving.abort(),
    })
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' })
    const steps = async (): Promise<number> => {
      const all = (await engineRequest('GET', '/containers/json?all=1')).body as { Command: string }[]
      return all.filter(({ Command }) => Command.includes(tag)).length
    }
    await expect.poll(steps, { timeout: 20_000 }).toBe(0)
  })
})

describe('policies, names and removal', () => {
  it('never, missing and always do what they say', async () => {
    const reference = inRegistry()
    await expect(images.ensure(reference, { policy: 'never' })).rejects.toMatchObject({
      code: 'IMAGE_NOT_FOUND',
    })
    expect(registry.requests).toEqual([])
    const { id } = await images.ensure(reference)
    const asked = registry.requests.length
    expect(asked).toBeGreaterThan(0)
    expect((await images.ensure(reference, { policy: 'missing' })).id).toBe(id)
    expect((await images.ensure(reference, { policy: 'never' })).id).toBe(id)
    expect(registry.requests.length).toBe(asked)
    await images.ensure(reference, { policy: 'always' })
    expect(registry.requests.length).toBeGreaterThan(asked)
    const wrong = images.ensure(reference, { policy: 'sometimes' as 'always' })
    await expect(wrong).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })

  it('builds what is missing when told from where', async () => {
    await writeFile(join(folder, 'Dockerfile'), `FROM ${BUSYBOX_IMAGE}\nENV BUILT=yes`)
    const build = { folder, labels: testLabels() }
    expect((await images.ensure(tag, { build })).env).toContain('BUILT=yes')
    await rm(join(folder, 'Dockerfile'))
    expect((await images.ensure(tag, { build: folder })).env).toContain('BUILT=yes')
  })

  it('tags, and removes what is there once', async () => {
    const other = named(`${tag}-other`)
    await writeFile(join(folder, 'Dockerfile'), `FROM ${BUSYBOX_IMAGE}\nENV A=1`)
    await images.build(folder, { tags: [tag], labels: testLabels() })
    await images.tag(tag, `${other}:v2`)
    expect((await engineRequest('GET', `/images/${other}:v2/json`)).status).toBe(200)
    expect(await images.remove(`${other}:v2`)).toBe(true)
    expect(await images.remove(`${other}:v2`)).toBe(false)
    const digest = `io-x@sha256:${'0'.repeat(64)}`
    await expect(images.tag(tag, digest)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    await expect(images.tag('io-nobody', 'io-x')).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' })
    await expect(images.inspect('io-nobody')).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' })
  })

  it('removes what a container was made from only by force', async () => {
    await writeFile(join(folder, 'Dockerfile'), `FROM ${BUSYBOX_IMAGE}\nENV A=1`)
    await images.build(folder, { tags: [tag], labels: testLabels() })
    const { body } = await engineRequest('POST', '/containers/create', { Image: tag, Labels: testLabels() })
    try {
      await expect(images.remove(tag)).rejects.toMatchObject({ code: 'ENGINE_ERROR' })
      expect(await images.exists(tag)).toBe(true)
      expect(await images.remove(tag, { force: true })).toBe(true)
      expect(await images.exists(tag)).toBe(false)
    } finally {
      await engineRequest('DELETE', `/containers/${(body as { Id: string }).Id}?force=1`)
    }
  })
})
