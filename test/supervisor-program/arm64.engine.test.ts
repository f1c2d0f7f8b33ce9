import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildImage, inspectImage } from '../../docker/scripts/lib/image-store.mjs'
import { connectEngine } from '../../src/engine/connect-engine.js'
import type { ContainerEngine } from '../../src/engine/container-engine.js'
import { DEBIAN_IMAGE, engineRequest, testEndpoint } from '../support/engine.js'
import { numberOf } from './codec.js'
import { binaryFor, createWithSupervisor, Exec, removeContainer } from './in-container.js'

const IMAGE = 'anyon-qemu-arm64:1'
const QEMU = '/usr/bin/qemu-aarch64-static'

let engine: ContainerEngine
let container: string

beforeAll(async () => {
  engine = await connectEngine({ host: testEndpoint() })
  // Kept between runs, as the base images are.
  if (!(await inspectImage(testEndpoint(), IMAGE))) {
    await buildImage(testEndpoint(), fileURLToPath(new URL('../../docker/qemu-arm64', import.meta.url)), {
      tags: [IMAGE],
      buildArgs: { BASE: DEBIAN_IMAGE },
      labels: {},
      onStep: () => undefined,
    })
  }
  container = await createWithSupervisor(
    engine,
    { Image: IMAGE, Cmd: ['sleep', '600'], HostConfig: { Init: true } },
    binaryFor('arm64'),
  )
  await engineRequest('POST', `/containers/${container}/start`)
}, 300_000)

afterAll(async () => {
  if (container) await removeContainer(container)
  await engine.close()
})

test('the arm64 build says what it is', async () => {
  const exec = await Exec.start(engine, container, ['sh', '-c', `${QEMU} /supervisor version >&2`])
  expect(await exec.code()).toBe(0)
  expect(exec.stderr).toMatch(/^anyon-supervisor \d+\.\d+\.\d+ protocol 1-2 aarch64\n$/)
})

test('the arm64 build runs commands, with stdin, failures, time limits and kills', async () => {
  const exec = await Exec.start(engine, container, [QEMU, '/supervisor', 'stdio'])
  expect(numberOf(await exec.greet(), 6)).toBe(3)
  const command = (...argv: string[]) => ({ argv, env: ['PATH=/usr/bin:/bin'], cwd: '/' })
  const cat = await exec.run(command('cat'), Buffer.from('through'))
  expect(cat).toMatchObject({ code: 0, stdout: Buffer.from('through'), verified: 1 })
  expect(await exec.run(command('sh', '-c', 'exit 137'))).toMatchObject({ code: 137, signal: undefined })
  expect((await exec.run(command('no-such-program'))).failure).toMatchObject({ stage: 5, error: 2 })
  const limited = { ...command('sh', '-c', '(setsid sleep 100 &); sleep 100'), timeoutMs: 300, graceMs: 50 }
  expect(await exec.run(limited)).toMatchObject({ cause: 3, verified: 1, survivors: 0 })
  expect(await exec.run({ ...command('id', '-u'), user: '1234' })).toMatchObject({
    stdout: Buffer.from('1234\n'),
  })
  exec.end()
  expect(await exec.code()).toBe(0)
})
