import { expect, test } from 'vitest'
import { DockerRunner } from '../../src/runners/docker-runner.js'
import { rawInspect, testContainer, testHarness } from '../support/harness.js'

test('init: supervisor: ours is process 1, as root with five capabilities; the user is for commands', async () => {
  const harness = await testHarness()
  const container = await testContainer(harness, { init: 'supervisor', user: '65534' })
  await container.start()
  const { HostConfig, Config, State } = await rawInspect(container.id)
  expect(State.Status).toBe('running')
  expect(Config.Entrypoint).toEqual(['/.anyon/supervisor', 'init'])
  expect(Config.User).toBe('0')
  expect(Config.Labels).toMatchObject({ 'anyon.init': 'supervisor', 'anyon.user': '65534' })
  expect(HostConfig.CapDrop).toEqual(['ALL'])
  expect([...(HostConfig.CapAdd ?? [])].sort()).toEqual(['CHOWN', 'DAC_OVERRIDE', 'KILL', 'SETGID', 'SETUID'])
  expect(HostConfig.SecurityOpt).toContain('no-new-privileges')
  const inside = container.exec(['sh', '-c', 'cat /proc/1/comm; touch /.anyon/x 2>&1'])
  let output = ''
  for await (const chunk of inside.stdout) output += String(chunk)
  expect(output).toMatch(/supervisor\n.*Read-only file system/)
  await container.stop()
  expect(await container.wait()).toMatchObject({ reason: 'exited', code: 0, requested: 'stop' })
})

test('a container without a user of its own carries no label of one', async () => {
  const harness = await testHarness()
  const container = await testContainer(harness, {
    init: 'supervisor',
    readOnlyRoot: true,
    tmpfs: [{ target: '/tmp' }],
  })
  expect((await rawInspect(container.id)).Config.Labels).not.toHaveProperty('anyon.user')
  await container.start()
  expect((await container.inspect()).state.running).toBe(true)
})

test('a runner on the handle of a created container knows of its supervisor, and still says why it is not reached', async () => {
  const harness = await testHarness()
  const container = await testContainer(harness, { init: 'supervisor' })
  expect(container.init).toBe('supervisor')
  expect(harness.container(container.id).init).toBeUndefined()
  await using early = new DockerRunner({ harness, container })
  await expect(early.run(['true'])).rejects.toMatchObject({ code: 'CONTAINER_STATE' })
  await container.start()
  for (const place of [container, container.id]) {
    await using runner = new DockerRunner({ harness, container: place })
    expect((await runner.run(['echo', 'there'])).stdout).toBe('there\n')
  }
})
