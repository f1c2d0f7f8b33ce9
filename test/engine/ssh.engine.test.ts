import { buffer } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { connectEngine } from '../../src/engine/connect-engine.js'
import type { ContainerEngine } from '../../src/engine/container-engine.js'
import { testEndpoint } from '../support/engine.js'
import { installFakeSsh, isRunning, type FakeSsh } from './fake-ssh.js'
import { createRequest } from '../support/create-request.js'

const host = `ssh://me@box:2222${testEndpoint().slice('unix://'.length)}`
let ssh: FakeSsh
let engine: ContainerEngine
const made: string[] = []

beforeAll(async () => {
  ssh = installFakeSsh()
  engine = await connectEngine({ env: { ...ssh.env, DOCKER_HOST: host } })
})
afterEach(async () => {
  await Promise.all(made.splice(0).map((id) => engine.removeContainer(id, { force: true, volumes: true })))
})
afterAll(async () => {
  await engine.close()
  ssh.remove()
})

test('one ssh carries every connection, and half an end goes through it', async () => {
  expect(engine.address).toBe(host)
  const { id } = await engine.createContainer(createRequest())
  made.push(id)
  const wait = await engine.waitContainer(id, 'next-exit')
  await engine.startContainer(id)
  await Promise.all(Array.from({ length: 30 }, () => engine.inspectContainer(id)))
  const execId = await engine.createExec(id, { argv: ['wc', '-c'], stdin: true })
  const stream = await engine.startExec(execId)
  stream.end('hello')
  expect((await buffer(stream)).toString('utf8', 8)).toBe('5\n')
  await engine.killContainer(id, 'SIGKILL')
  expect(await wait.result).toEqual({ statusCode: 137 })
  const [run, ...more] = ssh.runs()
  expect(more).toEqual([])
  expect(run?.argv.slice(-7)).toEqual(['-l', 'me', '-p', '2222', '--', 'box', 'cat'])
})

test('an ssh that died is started again by the next call', async () => {
  const before = ssh.runs()
  process.kill(before.at(-1)?.pid as number)
  await expect
    .poll(() =>
      engine.ping().then(
        () => ssh.runs().length,
        () => 0,
      ),
    )
    .toBe(before.length + 1)
})

test('closing ends it', async () => {
  const other = await connectEngine({ host, env: ssh.env })
  const { pid } = ssh.runs().at(-1) as { pid: number }
  expect(isRunning(pid)).toBe(true)
  await other.close()
  await expect.poll(() => isRunning(pid)).toBe(false)
  await expect(other.ping()).rejects.toMatchObject({ code: 'CLOSED' })
})

test('an ssh that is not let in says why', async () => {
  const why = 'me@box: Permission denied (publickey).'
  const failure = connectEngine({ host, env: { ...ssh.env, FAKE_SSH_FAILS: why } })
  await expect(failure).rejects.toMatchObject({
    code: 'ENGINE_UNREACHABLE',
    message: expect.stringContaining(why) as string,
  })
})

test('no engine at the other end is said as ssh says it', async () => {
  const failure = connectEngine({ host: 'ssh://box/no/such.sock', env: ssh.env })
  await expect(failure).rejects.toMatchObject({
    code: 'ENGINE_UNREACHABLE',
    message: expect.stringContaining('ssh://box/no/such.sock by ssh: channel 2: open failed') as string,
  })
})

test('without an ssh program, that is said', async () => {
  await expect(connectEngine({ host, env: { PATH: '/nowhere' } })).rejects.toMatchObject({
    code: 'ENGINE_UNREACHABLE',
    message: expect.stringMatching(/ssh could not be started.*ENOENT/) as string,
  })
})
