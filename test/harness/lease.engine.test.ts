import { expect, onTestFinished, test } from 'vitest'
import type { Container } from '../../src/harness/container.js'
import type { DockerHarness } from '../../src/harness/docker-harness.js'
import { DockerRunner } from '../../src/runners/docker-runner.js'
import { firstLine, forever, uniqueWord } from '../../src/testing/case-tools.js'
import { sh, testContainer, testHarness } from '../support/harness.js'

async function started(harness: DockerHarness): Promise<Container> {
  const container = await testContainer(harness, { init: 'supervisor' })
  await container.start()
  return container
}

function runnerOn(harness: DockerHarness, container: Container): DockerRunner {
  const runner = new DockerRunner({ harness, container })
  onTestFinished(() => runner.close())
  return runner
}

const running = async (container: Container) => (await container.inspect()).state.running

test('a lease that nobody renews ends the container; commands are told why', async () => {
  const harness = await testHarness()
  const container = await started(harness)
  const command = runnerOn(harness, container).spawn(forever(uniqueWord()))
  await firstLine(command)
  await container.lease({ leaseMs: 500 })
  expect(await command.exit).toMatchObject({
    reason: 'containerDied',
    evidence: 'wait4',
    explanation: expect.stringContaining('lease') as string,
  })
  expect(await container.wait()).toMatchObject({ reason: 'exited', code: 0 })
})

test('a lease holds when the host that set it is gone, and another host may renew it', async () => {
  const [owner, other] = [await testHarness(), await testHarness()]
  const container = await started(owner)
  await container.lease({ leaseMs: 3000 })
  await owner.close()
  const same = other.container(container.id)
  const until = performance.now() + 4500
  while (performance.now() < until) {
    await same.lease({ leaseMs: 3000 })
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
  expect(await running(same)).toBe(true)
  await same.lease({ leaseMs: 300 })
  expect(await same.wait()).toMatchObject({ code: 0 })
})

test('a container that is idle ends, but not while a command runs in it', async () => {
  const harness = await testHarness()
  const container = await started(harness)
  const runner = runnerOn(harness, container)
  const begun = performance.now()
  await runner.spawn(['sleep', '2'], { detached: true, id: 'busy' }).started
  await container.lease({ idleMs: 700 })
  await runner.close()
  expect(await container.wait()).toMatchObject({ code: 0 })
  expect(performance.now() - begun).toBeGreaterThan(2600)
})

test('a time to live is not put off by renewing, and 0 lifts a limit', async () => {
  const harness = await testHarness()
  const [mortal, spared] = [await started(harness), await started(harness)]
  await spared.lease({ ttlMs: 3000 })
  await spared.lease({ ttlMs: 0 })
  await mortal.lease({ ttlMs: 3000, leaseMs: 60_000 })
  await mortal.lease({ leaseMs: 60_000 })
  expect(await mortal.wait()).toMatchObject({ code: 0 })
  expect(await running(spared)).toBe(true)
})

test('what cannot be leased is refused', async () => {
  const harness = await testHarness()
  const plain = await testContainer(harness, sh('sleep 600'))
  await plain.start()
  await expect(plain.lease({ leaseMs: 500 })).rejects.toMatchObject({ code: 'NOT_SUPPORTED' })
  expect((await plain.inspect()).state.running).toBe(true)
  const container = await testContainer(harness, { init: 'supervisor' })
  await expect(container.lease({ leaseMs: 500 })).rejects.toMatchObject({ code: 'CONTAINER_STATE' })
  for (const limits of [{ leaseMs: -1 }, { idleMs: 1.5 }, { ttlMs: Infinity }, { graceMs: 1 } as object]) {
    await expect(container.lease(limits)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  }
})
