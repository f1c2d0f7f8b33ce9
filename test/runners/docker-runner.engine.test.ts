import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ensureSupervisorVolume } from '../../src/delivery/supervisor-volume.js'
import { connectEngine } from '../../src/engine/connect-engine.js'
import type { ContainerEngine } from '../../src/engine/container-engine.js'
import { DockerRunner } from '../../src/runners/docker-runner.js'
import { output } from '../../src/testing/case-tools.js'
import { BUSYBOX_IMAGE, DEBIAN_IMAGE, testEndpoint } from '../support/engine.js'
import { engineArchitecture, startContainer, supervised } from './container.js'
import { runCases } from './run-cases.js'

let engine: ContainerEngine
beforeAll(async () => {
  engine = await connectEngine({ host: testEndpoint() })
})
afterAll(() => engine.close())

const env = ['ANYON_CASE_INHERITED=yes', 'ANYON_CASE_OTHER=no', 'PATH=/usr/local/bin:/usr/bin:/bin:/sbin']

/** A user of several groups, without whom the case of groups has nobody to look at. */
async function addMember(runner: DockerRunner): Promise<void> {
  const groups = 'member:x:4321:\\nfirst:x:4322:nobody,member\\nother:x:4323:root\\nsecond:x:4324:member\\n'
  const script = `echo member:x:4321:4321::/tmp:/bin/sh >>/etc/passwd; printf '${groups}' >>/etc/group`
  await output(runner.run(['sh', '-c', script]))
}

function knowsMembers(runner: () => DockerRunner): void {
  test.each(['member', '4321'])(
    'a command of user %s has the groups of which it is a member',
    async (user) => {
      expect(await output(runner().run(['id', '-G'], { user }))).toBe('4321 4322 4324\n')
    },
  )
}

describe('DockerRunner in a container of ours', () => {
  let runner: DockerRunner
  let remove: () => Promise<void>
  beforeAll(async () => {
    const architecture = await engineArchitecture(engine)
    const volume = await ensureSupervisorVolume(engine, { image: BUSYBOX_IMAGE, architecture })
    const container = await startContainer({ ...supervised(volume), Image: BUSYBOX_IMAGE, Env: env })
    remove = container.remove
    runner = new DockerRunner({ harness: { engine }, container })
    await addMember(runner)
  })
  afterAll(async () => {
    await runner?.close()
    await remove?.()
  })

  knowsMembers(() => runner)
  runCases(() => runner)
})

describe('DockerRunner in a container of somebody else', () => {
  let runner: DockerRunner
  let remove: () => Promise<void>
  beforeAll(async () => {
    const container = await startContainer({ Image: DEBIAN_IMAGE, Cmd: ['sleep', '600'], Env: env })
    remove = container.remove
    runner = new DockerRunner({ harness: { engine }, container: container.id })
    await addMember(runner)
  })
  afterAll(async () => {
    await runner?.close()
    await remove?.()
  })

  knowsMembers(() => runner)
  runCases(() => runner)
})
