import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { shell } from '../../src/command/shell.js'
import { connectEngine } from '../../src/engine/connect-engine.js'
import type { ContainerEngine } from '../../src/engine/container-engine.js'
import { DockerHarness } from '../../src/harness/docker-harness.js'
import { DockerRunner } from '../../src/runners/docker-runner.js'
import { HostRunner } from '../../src/runners/host/host-runner.js'
import { toSpawnError } from '../../src/runners/to-command-exit.js'
import { MemorySecretStore } from '../../src/secrets/memory-secret-store.js'
import { secretEnv, secretFile } from '../../src/secrets/secret-uses.js'
import { firstLine } from '../../src/testing/case-tools.js'
import { binaryFor, createWithSupervisor, Exec, removeContainer } from '../supervisor-program/in-container.js'
import { BUSYBOX_IMAGE, DEBIAN_IMAGE, engineRequest, testEndpoint, testLabels } from '../support/engine.js'
import { startContainer } from './container.js'

const secretStore = new MemorySecretStore({ token: 'sesame-0pen-0123456789', other: 'sesame-shut-98765' })
const secrets = [secretFile('file', 'token'), secretEnv('TOKEN', 'token')]
const unique = { user: 'unique', graceMs: 0 } as const
const sh = (script: string) => shell(script, { shell: 'sh' })

let engine: ContainerEngine
let harness: DockerHarness
beforeAll(async () => {
  engine = await connectEngine({ host: testEndpoint() })
  harness = await DockerHarness.connect({ host: testEndpoint() })
})
afterAll(async () => {
  await engine.close()
  await harness.close()
})

describe.each([
  [
    'of ours',
    async () => {
      const create = { image: BUSYBOX_IMAGE, init: 'supervisor', user: '1000', labels: testLabels() } as const
      const container = await harness.create(create)
      await container.start()
      return { id: container.id, remove: () => container[Symbol.asyncDispose]() }
    },
  ],
  ['of somebody else', () => startContainer({ Image: DEBIAN_IMAGE, Cmd: ['sleep', '600'] })],
])('commands with users of their own, in a container %s', (_, make) => {
  let container: { id: string; remove(): Promise<void> }
  let runner: DockerRunner
  beforeAll(async () => {
    container = await make()
    runner = new DockerRunner({ harness, container: container.id, secretStore })
  })
  afterAll(async () => {
    await runner?.close()
    await container?.remove()
  })

  test('can read neither environment, files, folders nor secrets of each other, nor signal each other', async () => {
    const script = 'umask 077; echo mine > /tmp/mine-$$; echo "$$ $ANYON_SECRETS_DIR"; exec sleep 600'
    const victim = runner.spawn(sh(script), { ...unique, secrets })
    const [pid = '', folder = ''] = (await firstLine(victim)).split(' ')
    const attack = sh(`
      cat "${folder}/file"; ls "${folder}"; cat /proc/${pid}/environ; ls /proc/${pid}/fd; cat /tmp/mine-${pid}
      kill -9 ${pid}; id -u; echo ended`)
    for (const user of ['unique', '1000']) {
      const { stdout, stderr } = await runner.run(attack, { user, secrets: [secretFile('file', 'other')] })
      expect(stdout, user).toMatch(/^\d+\nended\n$/)
      expect(stderr.match(/denied|not permitted/g), stderr).toHaveLength(6)
    }
    await victim.kill()
    expect((await victim.exit).secrets).toEqual({ verified: true })
  })

  test('read their own, which are gone afterwards', async () => {
    const script = 'test "$TOKEN" = "$(cat "$ANYON_SECRETS_DIR/file")" && echo "$HOME $(id -u):$(id -g)"'
    const results = await Promise.all(
      Array.from({ length: 4 }, () => runner.run(sh(script), { ...unique, secrets })),
    )
    for (const { stdout, exit } of results) {
      expect(stdout).toMatch(/^\/ (\d{5,}):\1\n$/)
      expect(exit.secrets).toEqual({ verified: true })
    }
    expect(new Set(results.map(({ stdout }) => stdout)).size).toBe(4)
  })

  test('write where everybody may, and nowhere else', async () => {
    const prepare = 'mkdir -p /shared /owned && chmod 777 /shared && chmod 755 /owned && chown 1000 /owned'
    await runner.run(sh(prepare), { user: '0', check: true })
    const write = 'echo > /shared/file && echo shared; echo > /owned/file || echo refused'
    expect((await runner.run(sh(write), unique)).stdout).toBe('shared\nrefused\n')
  })

  test('leave no process behind', async () => {
    const script = 'setsid sh -c \'trap "" TERM; while :; do sleep 1; done\' & id -u'
    const { exit, stdout } = await runner.run(sh(script), unique)
    expect(exit.descendants).toMatchObject({ verified: true, survivors: [] })
    const look = `grep -l "^Uid:.*${stdout.trim()}" /proc/[0-9]*/status 2>/dev/null; :`
    expect((await runner.run(sh(look), { user: '0' })).stdout).toBe('')
  })
})

describe('a user of its own is refused, by name,', () => {
  test('where there is no supervisor', async () => {
    const container = await startContainer({ Image: BUSYBOX_IMAGE, Cmd: ['sleep', '600'] })
    onTestFinished(() => container.remove())
    await using runner = new DockerRunner({ harness, container: container.id, supervisor: 'never' })
    await expect(runner.run(['true'], unique)).rejects.toMatchObject({ code: 'NOT_SUPPORTED' })
  })

  test('for a session', async () => {
    await using runner = new HostRunner()
    await expect(runner.openSession({ user: 'unique' })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })

  test('where the supervisor is not root', async () => {
    const binary = binaryFor((await engine.version()).architecture)
    const body = { Image: BUSYBOX_IMAGE, Entrypoint: ['/supervisor', 'init'], User: '1000' }
    const id = await createWithSupervisor(engine, body, binary)
    onTestFinished(() => removeContainer(id))
    await engineRequest('POST', `/containers/${id}/start`)
    const exec = await Exec.start(engine, id, ['/supervisor', 'connect'], '1000')
    await exec.greet()
    onTestFinished(() => void exec.end())
    const { failure } = await exec.run({ argv: ['true'], env: ['PATH=/bin'], cwd: '/', flags: 64 })
    expect(failure).toMatchObject({ stage: 2, error: 1 })
    const asked = { argv: ['true'], cwd: '/', user: 'unique' }
    const told = { stage: 2, errno: 1, text: failure?.text ?? '', secrets: undefined }
    expect(toSpawnError(told, asked)).toMatchObject({
      code: 'NOT_SUPPORTED',
      message:
        '"true" could not be given a user of its own: EPERM, the supervisor is not root, which alone can become another user.',
    })
  })
})
