import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { supervisorBinary } from '../../src/delivery/supervisor-binary.js'
import { ensureSupervisorVolume } from '../../src/delivery/supervisor-volume.js'
import { connectEngine } from '../../src/engine/connect-engine.js'
import type { ContainerEngine } from '../../src/engine/container-engine.js'
import { DockerRunner } from '../../src/runners/docker-runner.js'
import { buildTestImage } from '../support/build-image.js'
import { BUSYBOX_IMAGE, engineRequest, testEndpoint } from '../support/engine.js'
import { firstLine, forever, uniqueWord, withWord } from '../../src/testing/case-tools.js'
import {
  engineArchitecture,
  startContainer,
  supervised,
  type CreateBody,
  type TestContainer,
} from './container.js'
import { buildHostProgram } from './host-process.js'

let engine: ContainerEngine
beforeAll(async () => {
  engine = await connectEngine({ host: testEndpoint() })
})
afterAll(() => engine.close())

/** A container of somebody else, with a runner; both gone when the test ends. */
async function place(
  body: Partial<CreateBody> = {},
): Promise<{ container: TestContainer; runner: DockerRunner }> {
  const container = await startContainer({ Image: BUSYBOX_IMAGE, Cmd: ['sleep', '600'], ...body })
  onTestFinished(container.remove)
  return { container, runner: runnerFor(container) }
}

function runnerFor(container: { id: string }, user?: string): DockerRunner {
  const runner = new DockerRunner({ harness: { engine }, container, ...(user !== undefined && { user }) })
  onTestFinished(() => runner.close())
  return runner
}

async function ours(body: Partial<CreateBody> = {}, user?: string): Promise<TestContainer> {
  const architecture = await engineArchitecture(engine)
  const volume = await ensureSupervisorVolume(engine, { image: BUSYBOX_IMAGE, architecture })
  const container = await startContainer({ Image: BUSYBOX_IMAGE, ...supervised(volume, user), ...body })
  onTestFinished(container.remove)
  return container
}

/** Processes in the container as the engine tells them. */
async function processes(id: string): Promise<string[]> {
  const { body } = await engineRequest('GET', `/containers/${id}/top?ps_args=-eo%20pid,args`)
  return (body as { Processes: string[][] }).Processes.map((row) => row.slice(1).join(' '))
}

describe('containers of ours', () => {
  test('the supervisor is process 1, and commands are the user of the container', async () => {
    const runner = runnerFor(await ours({}, '1000:1000'))
    const { stdout } = await runner.run([
      'sh',
      '-c',
      'id -u; id -g; cat /proc/1/cmdline | tr "\\0" " "; kill -9 1 2>&1',
    ])
    expect(stdout).toMatch(/^1000\n1000\n\/\.anyon\/supervisor init .*(not permitted)/)
  })

  test('commands work from the first moment on, in a container just started', async () => {
    for (let round = 0; round < 3; round++) {
      const { stdout } = await runnerFor(await ours()).run(['echo', 'there'])
      expect(stdout).toBe('there\n')
    }
  })

  test('several runners share a container without knowing of each other', async () => {
    const container = await ours()
    const [one, two] = [runnerFor(container), runnerFor(container)]
    const word = uniqueWord()
    const kept = one.spawn(forever(word))
    await firstLine(kept)
    await two.run(['true'])
    await two.close()
    expect(await withWord(one, word)).not.toEqual([])
    await one.close()
    expect((await kept.exit).reason).toBe('killed')
    expect(await withWord(runnerFor(container), word)).toEqual([])
  })

  test('a container that is killed takes its commands along, and their exits say so', async () => {
    const container = await ours()
    const command = runnerFor(container).spawn(['sh', '-c', 'echo before; sleep 60'])
    expect(await firstLine(command)).toBe('before')
    await container.act('kill')
    expect(await command.exit).toMatchObject({ reason: 'containerDied', evidence: 'none', succeeded: false })
    expect((await command.exit).code).toBeUndefined()
  })

  test('a container that is stopped ends its commands within its grace', async () => {
    const container = await ours()
    const command = runnerFor(container).spawn([
      'sh',
      '-c',
      'trap "" TERM; echo before; while :; do sleep 1; done',
    ])
    await firstLine(command)
    // The supervisor would be killed with its container when that time is over, and tell nothing.
    await container.act('stop?t=20')
    expect(await command.exit).toMatchObject({
      reason: 'containerDied',
      signal: 'SIGKILL',
      evidence: 'wait4',
    })
  })

  test('a container that is removed: the same', async () => {
    const container = await ours()
    const command = runnerFor(container).spawn(['sleep', '60'])
    await command.started
    await container.remove()
    expect((await command.exit).reason).toBe('containerDied')
  })

  test('after a restart of the container the same runner goes on', async () => {
    const container = await ours()
    const runner = runnerFor(container)
    const command = runner.spawn(['sleep', '60'])
    await command.started
    await container.act('restart?t=1')
    expect((await command.exit).reason).toBe('containerDied')
    expect((await runner.run(['echo', 'again'])).stdout).toBe('again\n')
  })

  test('commands wait while the container is paused, and go on afterwards', async () => {
    const container = await ours()
    const runner = runnerFor(container)
    await runner.run(['true'])
    await container.act('pause')
    const command = runner.spawn(['echo', 'resumed'])
    await expect(runnerFor(container).run(['true'])).rejects.toMatchObject({ code: 'CONTAINER_STATE' })
    await container.act('unpause')
    expect(await command.text()).toBe('resumed\n')
  })

  test('a read-only root is no hindrance', async () => {
    const body = supervised(
      await ensureSupervisorVolume(engine, {
        image: BUSYBOX_IMAGE,
        architecture: await engineArchitecture(engine),
      }),
    )
    const container = await ours({ HostConfig: { ...body.HostConfig, ReadonlyRootfs: true } })
    expect((await runnerFor(container).run(['echo', 'fine'])).stdout).toBe('fine\n')
  })

  test('a killed host takes its commands along, when their grace is over', async () => {
    const container = await ours()
    const program = await buildHostProgram()
    onTestFinished(program.remove)
    const word = uniqueWord()
    const argv = JSON.stringify(forever(word))
    const orphanGraceMs = 1500
    const host = await program.start(argv, testEndpoint(), container.id, String(orphanGraceMs))
    const runner = runnerFor(container)
    expect(await withWord(runner, word)).not.toEqual([])
    const killedAt = performance.now()
    host.kill('SIGKILL')
    await once(host, 'exit')
    await expect.poll(() => withWord(runner, word)).toEqual([])
    expect(performance.now() - killedAt).toBeGreaterThan(orphanGraceMs)
    expect((await processes(container.id)).filter((line) => line.includes('supervisor connect')).length).toBe(
      1,
    )
  })
})

describe('containers of somebody else', () => {
  test('do not keep a host process alive that has nothing more to do', async () => {
    const { container } = await place()
    const program = await buildHostProgram()
    onTestFinished(program.remove)
    const host = await program.start(JSON.stringify(['echo', 'done']), testEndpoint(), container.id)
    expect(await once(host, 'exit')).toEqual([0, null])
  })

  test('are left with one file, and no connection, when the last runner has gone', async () => {
    const { container, runner } = await place()
    expect((await runner.run(['echo', 'hi'])).stdout).toBe('hi\n')
    const connected = async () =>
      (await processes(container.id)).filter((line) => line.includes('connect')).length
    // A command's monitor, which looks like them, may be there for an instant more.
    await expect.poll(connected).toBe(2)
    await runner.close()
    await expect.poll(connected).toBe(1)
    const { body } = await engineRequest('GET', `/containers/${container.id}/changes`)
    const changed = (body as { Path: string }[]).map(({ Path }) => Path)
    expect(changed.filter((path) => path.includes('anyon')).length).toBe(1)
  })

  test('of an unprivileged user: commands are that user, the supervisor is not', async () => {
    const { runner } = await place({ User: '1234:1234' })
    const { stdout } = await runner.run(['sh', '-c', 'id -u; id -g'])
    expect(stdout).toBe('1234\n1234\n')
    const refused = await runner.run([
      'sh',
      '-c',
      'for p in /proc/[0-9]*; do case "$(tr "\\0" " " < $p/cmdline)" in *connect*) kill -9 ${p#/proc/}; cat $p/environ;; esac; done',
    ])
    expect(refused.stderr).toMatch(/not permitted|denied/)
    expect((await runner.run(['echo', 'alive'])).stdout).toBe('alive\n')
  })

  test('take PATH, folder and inherited variables from the container', async () => {
    const { runner } = await place({ Env: ['PATH=/bin:/special', 'GIVEN=by image'], WorkingDir: '/usr' })
    const { stdout } = await runner.run(['sh', '-c', 'echo $PATH; pwd; echo $GIVEN'], {
      inheritEnv: ['GIVEN'],
    })
    expect(stdout).toBe('/bin:/special\n/usr\nby image\n')
  })

  test('without a shell, or anything: an image from scratch', async () => {
    const { bytes } = await supervisorBinary(await engineArchitecture(engine))
    const built = await buildTestImage(engine, 'FROM scratch\nCOPY app /app\n', { app: bytes })
    onTestFinished(built.remove)
    const image = built.name
    const { runner } = await place({ Image: image, Cmd: ['/app', 'init'] })
    const { stdout, exit } = await runner.run(['/app', 'version'])
    expect(stdout).toMatch(/\d/)
    expect(exit.succeeded).toBe(true)
    const mine = runnerFor(await ours({ Image: image }))
    expect((await mine.run(['/app', 'version'])).exit.succeeded).toBe(true)
    await expect(mine.run(['sh'])).rejects.toMatchObject({ code: 'SPAWN_FAILED', stage: 'exec' })
  })

  test('with a read-only root get it into an executable tmpfs', async () => {
    const { runner } = await place({ HostConfig: { ReadonlyRootfs: true, Tmpfs: { '/scratch': 'rw,exec' } } })
    expect((await runner.run(['echo', 'fine'])).stdout).toBe('fine\n')
  })

  test.each([
    ['stopped', 'exited', (container: TestContainer) => container.act('stop?t=0')],
    ['paused', 'paused', (container: TestContainer) => container.act('pause')],
  ])('that are %s are refused', async (_name, status, act) => {
    const { container, runner } = await place()
    await act(container)
    const command = runner.spawn(['true'])
    await expect(command.started).rejects.toMatchObject({
      code: 'CONTAINER_STATE',
      details: { status },
      stage: 'connect',
    })
    expect(await command.exit).toMatchObject({ reason: 'spawnFailed', evidence: 'none' })
    await expect(runner.run(['true'])).rejects.toMatchObject({ code: 'CONTAINER_STATE' })
  })

  test('that restart for ever are refused', async () => {
    const { container, runner } = await place({
      Cmd: ['false'],
      HostConfig: { RestartPolicy: { Name: 'always' } },
    })
    // The engine waits twice as long before each restart: here for a second and a half, or longer.
    await vi.waitFor(async () => {
      const { body } = await engineRequest('GET', `/containers/${container.id}/json`)
      expect(body).toMatchObject({ State: { Restarting: true } })
      expect((body as { RestartCount: number }).RestartCount).toBeGreaterThanOrEqual(4)
    }, 20_000)
    await expect(runner.run(['true'])).rejects.toMatchObject({
      code: 'CONTAINER_STATE',
      details: { status: 'restarting' },
      stage: 'connect',
    })
  })

  test('that are removed are refused from then on, whether the runner had reached them or not', async () => {
    const { container, runner } = await place()
    await runner.run(['true'])
    await container.remove()
    for (const late of [runner, runnerFor(container)]) {
      const command = late.spawn(['true'])
      await expect(command.started).rejects.toMatchObject({ code: 'CONTAINER_NOT_FOUND', stage: 'connect' })
      expect((await command.exit).reason).toBe('spawnFailed')
    }
  })

  test('that do not exist are refused', async () => {
    const runner = runnerFor({ id: 'anyon-no-such-container' })
    await expect(runner.run(['true'])).rejects.toMatchObject({ code: 'CONTAINER_NOT_FOUND' })
  })

  test('that are started later than the runner was made are fine, and so is a second try', async () => {
    const { container, runner } = await place()
    await container.act('stop?t=0')
    await expect(runner.run(['true'])).rejects.toMatchObject({ code: 'CONTAINER_STATE' })
    await container.act('start')
    expect((await runner.run(['echo', 'now'])).stdout).toBe('now\n')
  })

  test('that are killed in mid-command: the exit says so', async () => {
    const { container, runner } = await place()
    const command = runner.spawn(['sh', '-c', 'echo before; sleep 60'])
    await firstLine(command)
    await container.act('kill')
    expect(await command.exit).toMatchObject({ reason: 'containerDied', evidence: 'none' })
  })

  test('closed while it connects: the command never ran', async () => {
    const { runner } = await place()
    const command = runner.spawn(['true'])
    await runner.close()
    expect(['killed', 'exited']).toContain((await command.exit).reason)
    expect(() => runner.spawn(['true'])).toThrow(expect.objectContaining({ code: 'CLOSED' }))
  })
})
