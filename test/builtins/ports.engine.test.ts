import { expect, test } from 'vitest'
import { DockerRunner } from '../../src/runners/docker-runner.js'
import { policedRunner } from '../../src/policy/policed-runner.js'
import { runningContainer, startedIn } from '../files/places.js'
import { sh, testContainer, testHarness } from '../support/harness.js'

const serve = (port: number, address = '0.0.0.0') => ['httpd', '-f', '-p', `${address}:${port}`, '-h', '/tmp']

test('a server is waited for, found where it is published, and reached there', async () => {
  const harness = await testHarness()
  const container = await startedIn(harness, {
    network: 'bridge',
    user: '1234',
    ports: [{ containerPort: 8080 }, { containerPort: 53, protocol: 'udp' }],
  })
  await container.files.write('/tmp/index.html', 'served')
  await using runner = new DockerRunner({ harness, container })
  const server = runner.spawn(['sh', '-c', `sleep 0.2; exec ${serve(8080).join(' ')}`])
  await server.waitForPort(8080, { host: '0.0.0.0' })
  const { host, port } = await container.address(8080)
  expect(await (await fetch(`http://${host}:${port}/`)).text()).toBe('served')
  expect((await container.address(53, { protocol: 'udp' })).port).toBeGreaterThan(0)
  await expect(container.address(53)).rejects.toMatchObject({ code: 'PORT_NOT_PUBLISHED' })
  await expect(container.address(0)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  await container.stop()
  await expect(container.address(8080)).rejects.toMatchObject({ code: 'CONTAINER_STATE' })
})

test('a server on the loopback is no server on every interface', async () => {
  const harness = await testHarness()
  const container = await startedIn(harness)
  await using runner = new DockerRunner({ harness, container })
  const server = runner.spawn(serve(8080, '127.0.0.1'))
  await server.waitForPort(8080)
  await server.waitForPort(8080, { host: '127.0.0.1' })
  await expect(server.waitForPort(8080, { host: '0.0.0.0', timeoutMs: 200 })).rejects.toMatchObject({
    code: 'DEADLINE_EXCEEDED',
    message: expect.stringContaining('port 8080 of 0.0.0.0') as string,
  })
  expect((await server.kill()).verified).toBe(true)
})

test('a wait ends with its command, its time or its signal, and leaves the command alone', async () => {
  const harness = await testHarness()
  const container = await startedIn(harness)
  await using runner = new DockerRunner({ harness, container })
  const brief = runner.spawn(['sh', '-c', 'sleep 0.2; exit 3'])
  await expect(brief.waitForPort(81)).rejects.toMatchObject({
    code: 'COMMAND_ENDED',
    details: { exit: { code: 3 } },
  })
  const never = runner.spawn(['no-such-program'])
  await expect(never.waitForPort(81)).rejects.toMatchObject({ code: 'COMMAND_ENDED' })
  const long = runner.spawn(['sleep', '600'])
  const abort = new AbortController()
  const waiting = long.waitForPort(81, { signal: abort.signal })
  await long.started
  abort.abort()
  await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' })
  await expect(long.waitForPort(81, { timeoutMs: 100 })).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
  await expect(long.waitForPort(70_000)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  await expect(long.waitForPort(81, { host: 'localhost' })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  expect((await long.kill()).verified).toBe(true)
  const left = await runner.run(['sh', '-c', 'ls -d /proc/[0-9]* | wc -l'])
  expect(Number(left.stdout)).toBeLessThan(10)
})

test('a command that a policy decides on can be waited for as well', async () => {
  const harness = await testHarness()
  const container = await startedIn(harness)
  await using runner = policedRunner(new DockerRunner({ harness, container }), {
    async decide({ argv }) {
      return argv[0] === 'httpd' ? { action: 'allow' } : { action: 'deny', rule: 'only httpd', reason: 'no' }
    },
  })
  const server = runner.spawn(serve(8080))
  await server.waitForPort(8080)
  const refused = runner.spawn(['sleep', '1'])
  await expect(refused.waitForPort(8080)).rejects.toMatchObject({ code: 'COMMAND_ENDED' })
})

test('a line of output is waited for beside its reader', async () => {
  const container = await runningContainer()
  const harness = await testHarness()
  await using runner = new DockerRunner({ harness, container })
  const command = runner.spawn(['sh', '-c', 'echo starting; echo ready on 3000 >&2; echo done'])
  expect(await command.waitForLog(/ready on \d+/)).toBe('ready on 3000')
  expect(await command.text()).toBe('starting\ndone\n')
})

test('in a container without an address of its own, the loopback serves', async () => {
  const harness = await testHarness()
  const { id } = await testContainer(harness, { ...sh('sleep 600'), network: 'none' })
  await harness.container(id).start()
  await using runner = new DockerRunner({ harness, container: id })
  const server = runner.spawn(serve(80))
  await server.waitForPort(80, { host: '127.0.0.1' })
  expect((await runner.run(['wget', '-qO-', 'http://127.0.0.1/none'])).exit.code).not.toBe(0)
})
