import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { connectEngine } from '../../src/engine/connect-engine.js'
import type { ContainerEngine } from '../../src/engine/container-engine.js'
import { DockerRunner, type DockerRunnerOptions } from '../../src/runners/docker-runner.js'
import { BUSYBOX_IMAGE, DEBIAN_IMAGE, engineRequest, testEndpoint } from '../support/engine.js'
import { firstLine, uniqueWord, withWord } from '../../src/testing/case-tools.js'
import { startContainer, type CreateBody, type TestContainer } from './container.js'
import { runCases } from './run-cases.js'

let engine: ContainerEngine
beforeAll(async () => {
  engine = await connectEngine({ host: testEndpoint() })
})
afterAll(() => engine.close())

/** A container with a runner, both gone when the test ends. */
async function place(body: Partial<CreateBody>, options: Partial<DockerRunnerOptions> = {}) {
  const container = await startContainer({ Image: BUSYBOX_IMAGE, Cmd: ['sleep', '600'], ...body })
  onTestFinished(container.remove)
  const runner = new DockerRunner({ harness: { engine }, container, ...options })
  onTestFinished(() => runner.close())
  return { container, runner }
}

describe('DockerRunner without a supervisor', () => {
  let container: TestContainer
  let runner: DockerRunner
  beforeAll(async () => {
    const Env = ['ANYON_CASE_INHERITED=yes', 'ANYON_CASE_OTHER=no', 'PATH=/usr/local/bin:/usr/bin:/bin:/sbin']
    container = await startContainer({ Image: DEBIAN_IMAGE, Cmd: ['sleep', '600'], Env })
    runner = new DockerRunner({ harness: { engine }, container, supervisor: 'never' })
  })
  afterAll(async () => {
    await runner?.close()
    await container?.remove()
  })

  runCases(() => runner, {
    lacking: [
      'supervised',
      'verifiedKill',
      'exactExit',
      'exactEnvironment',
      'backpressure',
      'oomEvidence',
      'pausesLimits',
      'detached',
      'endsWithHost',
      'terminals',
      'files',
      'sessions',
      'secrets',
      'uniqueUsers',
      'ports',
    ],
  })

  test('knows its capabilities at once', async () => {
    expect(await runner.ready()).toEqual(runner.capabilities)
  })

  test('leaves nothing of ours in the container', async () => {
    await runner.run(['true'])
    const { body } = await engineRequest('GET', `/containers/${container.id}/changes`)
    const changed = ((body as { Path: string }[] | null) ?? []).map(({ Path }) => Path)
    expect(changed.filter((path) => path.includes('anyon'))).toEqual([])
  })

  test('a code that may be a signal is called just that', async () => {
    const { exit } = await runner.run(['sh', '-c', 'exit 137'])
    expect(exit).toMatchObject({
      reason: 'exited',
      code: 137,
      possibleSignal: 'SIGKILL',
      evidence: 'inspect',
    })
    expect(exit.signal).toBeUndefined()
  })

  test('a kill gets what has left the session, and calls nothing proven', async () => {
    const word = uniqueWord()
    const loop = 'while :; do sleep 1; done'
    const script = `trap "" TERM; setsid sh -c "trap '' TERM; ${loop}" ${word} & (sh -c '${loop}' ${word} &) ; echo ready; ${loop}`
    const command = runner.spawn(['sh', '-c', script, word])
    await firstLine(command)
    const report = await command.kill({ graceMs: 100 })
    expect(report).toMatchObject({ survivors: [], verified: false })
    expect(await command.exit).toMatchObject({ reason: 'killed', code: 137, possibleSignal: 'SIGKILL' })
    expect(await withWord(runner, word)).toEqual([])
  })

  test('what a command leaves behind is looked for', async () => {
    const word = uniqueWord()
    const script = `setsid sh -c 'while :; do sleep 1; done' ${word} >/dev/null 2>&1 & echo left`
    const { exit } = await runner.run(['sh', '-c', script])
    expect(exit.descendants).toMatchObject({ survivors: [], verified: false })
    expect(exit.descendants?.killed).toBeGreaterThan(0)
    expect(await withWord(runner, word)).toEqual([])
    const kept = await runner.run(['sh', '-c', script], { descendants: 'keep' })
    expect(kept.exit.code).toBe(0)
    expect(await withWord(runner, word)).not.toEqual([])
  })

  test('a terminal is refused, naming what has them', async () => {
    const refusal = { code: 'NOT_SUPPORTED', message: expect.stringContaining('HostRunner') as string }
    const terminal = { columns: 80, rows: 24 }
    await runner.ready()
    expect(() => runner.spawn(['true'], { terminal })).toThrow(expect.objectContaining(refusal))
  })

  test('silence ends a command, and what it prints puts that off', async () => {
    const script = 'for i in 1 2 3; do sleep 0.6; echo $i; done; sleep 60'
    const { exit, stdout } = await runner.run(['sh', '-c', script], { idleTimeoutMs: 1000, graceMs: 100 })
    expect([exit.reason, stdout]).toEqual(['idleTimeout', '1\n2\n3\n'])
  })

  test.each([
    ['folder', { cwd: '/not/there' }, 'cwd'],
    ['user', { user: 'no-such-user' }, 'user'],
  ])('a %s that is not there is a SpawnError', async (_name, options, stage) => {
    const command = runner.spawn(['true'], options)
    await expect(command.started).rejects.toMatchObject({ code: 'SPAWN_FAILED', stage })
    expect(await command.exit).toMatchObject({ reason: 'spawnFailed', evidence: 'none' })
    expect(await command.text()).toBe('')
  })
})

describe('a container that no supervisor gets into', () => {
  const sealed = { HostConfig: { ReadonlyRootfs: true, Tmpfs: { '/tmp': 'rw' } } }

  test('gets its commands by plain exec, and capabilities say so', async () => {
    const { runner } = await place(sealed)
    expect(runner.capabilities.supervised).toBe(true)
    const [first, second] = await Promise.all([
      runner.run(['cat'], { stdin: 'first' }),
      runner.run(['sh', '-c', 'echo second >&2; exit 3']),
    ])
    expect([first.stdout, second.stderr, second.exit.code]).toEqual(['first', 'second\n', 3])
    expect(first.exit.evidence).toBe('inspect')
    expect(runner.capabilities).toMatchObject({ supervised: false, verifiedKill: false })
    expect((await runner.run(['echo', 'third'])).stdout).toBe('third\n')
  })

  test('ready says so before the first command', async () => {
    const { runner } = await place(sealed)
    expect(await runner.ready()).toMatchObject({ supervised: false, exactExit: false })
  })

  test('is refused where a supervisor is required, with what to do', async () => {
    const { runner } = await place(sealed, { supervisor: 'required' })
    const refusal = {
      code: 'SUPERVISOR_DELIVERY_FAILED',
      message: expect.stringContaining('--tmpfs /run:exec') as string,
    }
    await expect(runner.ready()).rejects.toMatchObject(refusal)
    const command = runner.spawn(['true'])
    await expect(command.started).rejects.toMatchObject(refusal)
    expect((await command.exit).reason).toBe('spawnFailed')
  })

  test('and does not run is refused, not given plain exec', async () => {
    const { container, runner } = await place(sealed)
    await container.act('stop?t=0')
    await expect(runner.ready()).rejects.toMatchObject({ code: 'CONTAINER_STATE' })
    await expect(runner.run(['true'])).rejects.toMatchObject({ code: 'CONTAINER_STATE', stage: 'connect' })
    expect(runner.capabilities.supervised).toBe(true)
    await container.act('start')
    expect((await runner.run(['echo', 'now'])).stdout).toBe('now\n')
    expect(runner.capabilities.supervised).toBe(false)
  })

  test('closed before it was reached: the command never ran', async () => {
    const { runner } = await place(sealed)
    const command = runner.spawn(['true'])
    await runner.close()
    expect((await command.exit).reason).toBe('killed')
    await expect(command.started).rejects.toMatchObject({ code: 'ABORTED' })
    expect(() => runner.spawn(['true'])).toThrow(expect.objectContaining({ code: 'CLOSED' }))
  })
})

describe('plain exec', () => {
  test.each(['stop?t=0', 'pause'])('is refused after %s', async (action) => {
    const { container, runner } = await place({}, { supervisor: 'never' })
    await runner.run(['true'])
    await container.act(action)
    const command = runner.spawn(['true'])
    await expect(command.started).rejects.toMatchObject({ code: 'CONTAINER_STATE', stage: 'connect' })
    expect((await command.exit).reason).toBe('spawnFailed')
  })

  test('is refused where the container was removed', async () => {
    const { container, runner } = await place({}, { supervisor: 'never' })
    await runner.run(['true'])
    await container.remove()
    const command = runner.spawn(['true'])
    await expect(command.started).rejects.toMatchObject({ code: 'CONTAINER_NOT_FOUND', stage: 'connect' })
    expect((await command.exit).reason).toBe('spawnFailed')
  })

  test('is refused where the container restarts for ever', async () => {
    const { container, runner } = await place(
      {
        Cmd: ['sh', '-c', 'until [ -e /over ]; do sleep 0.05; done; exit 1'],
        HostConfig: { RestartPolicy: { Name: 'always' } },
      },
      { supervisor: 'never' },
    )
    await runner.run(['touch', '/over'])
    // The engine waits twice as long before each restart: here for a second and a half, or longer.
    await vi.waitFor(async () => {
      const { body } = await engineRequest('GET', `/containers/${container.id}/json`)
      expect(body).toMatchObject({ State: { Restarting: true } })
      expect((body as { RestartCount: number }).RestartCount).toBeGreaterThanOrEqual(4)
    }, 20_000)
    const command = runner.spawn(['true'])
    await expect(command.started).rejects.toMatchObject({ code: 'CONTAINER_STATE', stage: 'connect' })
    expect((await command.exit).reason).toBe('spawnFailed')
  })

  test.each<[string, (container: TestContainer) => Promise<void>]>([
    ['killed', (container) => container.act('kill')],
    ['stopped', (container) => container.act('stop?t=0')],
    ['removed by force', (container) => container.remove()],
    [
      'paused and then killed',
      async (container) => {
        await container.act('pause')
        await container.act('kill')
      },
    ],
  ])('in a container that is %s: the exit says so', async (_how, act) => {
    const { container, runner } = await place({}, { supervisor: 'never' })
    const command = runner.spawn(['sh', '-c', 'echo before; sleep 60'])
    await firstLine(command)
    await act(container)
    expect(await command.exit).toMatchObject({ reason: 'containerDied', succeeded: false })
  })

  test.each(['inspectContainer', 'inspectExec'] as const)(
    'in a container that runs again before %s tells of it: the exit says so all the same',
    async (call) => {
      const restarts: Promise<void>[] = []
      const late = async (id: string) => {
        await Promise.all(restarts)
        return engine[call](id)
      }
      const { container, runner } = await place(
        {},
        { supervisor: 'never', harness: { engine: { ...engine, [call]: late } } },
      )
      const command = runner.spawn(['sh', '-c', 'echo before; sleep 60'])
      await firstLine(command)
      restarts.push(container.act('restart?t=0'))
      expect(await command.exit).toMatchObject({ reason: 'containerDied', succeeded: false })
      expect((await runner.run(['echo', 'after'])).stdout).toBe('after\n')
    },
  )

  test('without a shell cannot be killed, and the exit says so instead of hanging', async () => {
    const { runner } = await place({}, { supervisor: 'never' })
    expect((await runner.run(['rm', '/bin/sh'])).exit.code).toBe(0)
    const command = runner.spawn(['sleep', '30'])
    await command.started
    expect(await command.kill({ graceMs: 0 })).toMatchObject({ verified: false })
    expect(await command.exit).toMatchObject({ reason: 'unknown', requested: 'killed', evidence: 'none' })
  })
})

test('an unknown choice is refused before anything is touched', () => {
  const options = { harness: { engine }, container: 'any', supervisor: 'sometimes' as 'auto' }
  expect(() => new DockerRunner(options)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
})
