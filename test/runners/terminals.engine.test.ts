import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { ensureSupervisorVolume } from '../../src/delivery/supervisor-volume.js'
import { connectEngine } from '../../src/engine/connect-engine.js'
import type { ContainerEngine } from '../../src/engine/container-engine.js'
import { DockerRunner } from '../../src/runners/docker-runner.js'
import { Screen } from '../../src/testing/screen.js'
import { BUSYBOX_IMAGE, DEBIAN_IMAGE, testEndpoint } from '../support/engine.js'
import { engineArchitecture, startContainer, supervised, type CreateBody } from './container.js'

const terminal = { columns: 100, rows: 30 }

let engine: ContainerEngine
beforeAll(async () => {
  engine = await connectEngine({ host: testEndpoint() })
})
afterAll(() => engine.close())

/** A container of ours, or of somebody else, with a runner; both gone when the test ends. */
async function place(body: CreateBody, ours = false): Promise<DockerRunner> {
  const architecture = await engineArchitecture(engine)
  const base = ours
    ? supervised(await ensureSupervisorVolume(engine, { image: BUSYBOX_IMAGE, architecture }), body.User)
    : { Cmd: ['sleep', '600'] }
  const merged = { ...body, ...base, HostConfig: { ...base.HostConfig, ...body.HostConfig } }
  const container = await startContainer(merged)
  onTestFinished(container.remove)
  const runner = new DockerRunner({ harness: { engine }, container })
  onTestFinished(() => runner.close())
  return runner
}

describe.each([
  ['of ours', true],
  ['of somebody else', false],
])('in a container %s', (_, ours) => {
  test('a user without rights has a terminal, under a read-only root', async () => {
    const HostConfig = { ReadonlyRootfs: true, Tmpfs: { '/run': 'exec' } }
    const runner = await place({ Image: BUSYBOX_IMAGE, User: '1234:1234', HostConfig }, ours)
    const { stdout } = await runner.run(['sh', '-c', 'id -u; stty size; echo there >/dev/tty'], { terminal })
    expect(stdout).toBe('1234\r\n30 100\r\nthere\r\n')
  })

  test('a place without terminals says so', async () => {
    const runner = await place({ Image: BUSYBOX_IMAGE, HostConfig: { Tmpfs: { '/dev/pts': '' } } }, ours)
    const command = runner.spawn(['sh'], { terminal })
    await expect(command.started).rejects.toMatchObject({
      code: 'SPAWN_FAILED',
      stage: 'terminal',
      details: { errno: 'ENOENT' },
      message: expect.stringContaining('/dev/pts') as string,
    })
    expect(await command.exit).toMatchObject({ reason: 'spawnFailed' })
    expect((await runner.run(['echo', 'pipes'])).stdout).toBe('pipes\n')
  })

  test('a terminal in a container is the container’s own', async () => {
    const runner = await place({ Image: BUSYBOX_IMAGE }, ours)
    const { stdout } = await runner.run(['sh', '-c', 'tty; ls /dev/pts; readlink /proc/self/fd/0'], {
      terminal,
    })
    expect(stdout.split('\r\n')).toEqual(['/dev/pts/0', expect.stringMatching(/^0 +ptmx$/), '/dev/pts/0', ''])
  })
})

test('bash is at home in a terminal: prompt, editing, history, jobs, end', async () => {
  const runner = await place({ Image: DEBIAN_IMAGE })
  const command = runner.spawn(['bash', '--norc', '-i'], { terminal, env: { PS1: '\\w\\$ ' } })
  const screen = new Screen(command)
  await screen.shows('/# ')
  screen.type('cd /tmq\x7fp\r')
  await screen.shows('/tmp# ')
  screen.type('echo first-$((1+1))\r')
  // Before its prompt is there, the terminal itself would take the erasing.
  await screen.shows(/first-2\r\n[^]*# $/)
  screen.type('\x1b[A\x7f\x7f\x7f\x7f\x7f5))\r')
  await screen.shows('first-5')
  screen.type(`sh -c 'echo be""gun; exec sleep 600'\r`)
  await screen.shows('begun')
  screen.type('\x03')
  await screen.shows(/\^C[^]*# $/)
  screen.type('\x04')
  const { reason, code } = await command.exit
  expect([reason, code, screen.text.trim().endsWith('exit')]).toEqual(['exited', 130, true])
})
