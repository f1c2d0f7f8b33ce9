import { afterAll, beforeAll, describe } from 'vitest'
import { ensureSupervisorVolume } from '../../src/delivery/supervisor-volume.js'
import { connectEngine } from '../../src/engine/connect-engine.js'
import type { ContainerEngine } from '../../src/engine/container-engine.js'
import { DockerRunner } from '../../src/runners/docker-runner.js'
import { output } from '../../src/testing/case-tools.js'
import { BUSYBOX_IMAGE, DEBIAN_IMAGE, testEndpoint } from '../support/engine.js'
import { addMember, knowsMember } from './case-members.js'
import { engineArchitecture, startContainer, supervised } from './container.js'
import { runCases } from './run-cases.js'

let engine: ContainerEngine
beforeAll(async () => {
  engine = await connectEngine({ host: testEndpoint() })
})
afterAll(() => engine.close())

const env = ['ANYON_CASE_INHERITED=yes', 'ANYON_CASE_OTHER=no', 'PATH=/usr/local/bin:/usr/bin:/bin:/sbin']

describe('DockerRunner in a container of ours', () => {
  let runner: DockerRunner
  let remove: () => Promise<void>
  beforeAll(async () => {
    const architecture = await engineArchitecture(engine)
    const volume = await ensureSupervisorVolume(engine, { image: BUSYBOX_IMAGE, architecture })
    const container = await startContainer({ ...supervised(volume), Image: BUSYBOX_IMAGE, Env: env })
    remove = container.remove
    runner = new DockerRunner({ harness: { engine }, container })
    await output(runner.run(['sh', '-c', addMember]))
  })
  afterAll(async () => {
    await runner?.close()
    await remove?.()
  })

  knowsMember(() => runner)
  runCases(() => runner)
})

describe('DockerRunner in a container of somebody else', () => {
  let runner: DockerRunner
  let remove: () => Promise<void>
  beforeAll(async () => {
    const container = await startContainer({ Image: DEBIAN_IMAGE, Cmd: ['sleep', '600'], Env: env })
    remove = container.remove
    runner = new DockerRunner({ harness: { engine }, container: container.id })
    await output(runner.run(['sh', '-c', addMember]))
  })
  afterAll(async () => {
    await runner?.close()
    await remove?.()
  })

  knowsMember(() => runner)
  runCases(() => runner)
})
