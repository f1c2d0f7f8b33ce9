import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { connectEngine } from '../../src/engine/connect-engine.js'
import type { ContainerEngine } from '../../src/engine/container-engine.js'
import { BUSYBOX_IMAGE, DEBIAN_IMAGE, engineRequest, testEndpoint } from '../support/engine.js'
import { FrameType, numberOf } from './codec.js'
import { binaryFor, createWithSupervisor, Exec, removeContainer } from './in-container.js'
import type { Peer } from './supervisor-process.js'

let engine: ContainerEngine
let binary: Buffer
const containers: string[] = []

beforeAll(async () => {
  engine = await connectEngine({ host: testEndpoint() })
  binary = binaryFor((await engine.version()).architecture)
})

afterEach(async () => {
  await Promise.all(containers.splice(0).map(removeContainer))
})

afterAll(() => engine.close())

async function start(body: Record<string, unknown>): Promise<string> {
  const id = await createWithSupervisor(engine, { Image: BUSYBOX_IMAGE, ...body }, binary)
  containers.push(id)
  const { status, body: answer } = await engineRequest('POST', `/containers/${id}/start`)
  expect([status, answer]).toEqual([204, ''])
  return id
}

const foreign = () => start({ Cmd: ['sleep', '600'], HostConfig: { Init: true } })
const ofOurs = (limits: Record<string, unknown> = {}) =>
  start({
    Entrypoint: ['/supervisor', 'init'],
    HostConfig: {
      CapDrop: ['ALL'],
      CapAdd: ['CHOWN', 'SETUID', 'SETGID', 'DAC_OVERRIDE', 'KILL'],
      SecurityOpt: ['no-new-privileges'],
      ...limits,
    },
  })

const connect = (container: string, ...options: string[]) =>
  Exec.start(engine, container, ['/supervisor', 'connect', ...options])
const sh = (script: string, marker = 'marker') => ({
  argv: ['sh', '-c', script, marker],
  env: ['PATH=/bin'],
  cwd: '/',
})
const pidOf = (fields: Awaited<ReturnType<Peer['greet']>>) => numberOf(fields, 4) as number

async function processes(container: string): Promise<string> {
  const { body } = await engineRequest('GET', `/containers/${container}/top?ps_args=-eo%20pid,args`)
  return JSON.stringify((body as { Processes: unknown }).Processes)
}

describe('beside the main process of a container', () => {
  test('nobody answers until one is started, and that is said', async () => {
    const container = await foreign()
    const exec = await connect(container)
    expect(await exec.code()).toBe(3)
    expect(exec.stderr).toContain('no supervisor runs in this container')
  })

  test('many starters at once end up with one supervisor, which is apart from all of their execs', async () => {
    const container = await foreign()
    const execs = await Promise.all(Array.from({ length: 6 }, () => connect(container, '--start')))
    const greetings = await Promise.all(execs.map((exec) => exec.greet()))
    const [pid, ...others] = greetings.map(pidOf)
    expect(new Set(others)).toEqual(new Set([pid]))
    expect(numberOf(greetings[0] ?? [], 6)).toBe(2)
    const [first, ...rest] = execs as [Exec, ...Exec[]]
    for (const exec of rest) exec.end()
    expect(await Promise.all(rest.map((exec) => exec.code()))).toEqual([0, 0, 0, 0, 0])
    const look = `cut -d' ' -f4,6 /proc/${pid}/stat; cat /proc/${pid}/environ /proc/${pid}/fd/0`
    const seen = await first.run(sh(look))
    expect(seen.stdout.toString()).toMatch(/^1 \d+\n$/) // the container's init is its parent
    expect(seen.stdout.toString()).not.toBe(`1 ${pid}\n`) // and it leads no session that could take a terminal
    expect(seen.stderr.toString().match(/denied/g)).toHaveLength(2) // not even root can look into it
    first.end()
    expect(await first.code()).toBe(0)
  })

  test('the end of a connect, however it ends, kills what it started and nothing else', async () => {
    const container = await foreign()
    const one = await connect(container, '--start')
    await one.greet() // its process is there before the other's, and has the lower pid
    const other = await connect(container, '--start')
    await other.greet()
    const number = one.spawn(sh('trap "" TERM; echo up; while :; do sleep 1; done', 'marker-one'))
    other.spawn(sh('while :; do sleep 1; done', 'marker-other'))
    await one.next((frame) => frame.command === number && frame.type === FrameType.output)
    const find =
      'for p in /proc/[0-9]*; do case "$(tr "\\0" " " < $p/cmdline)" in "/supervisor connect "*) echo ${p#/proc/};; esac; done'
    const pids = (await other.run(sh(find))).stdout.toString().trim().split('\n').map(Number)
    expect((await other.run(sh(`kill -9 ${Math.min(...pids.filter((pid) => pid > 1))}`))).code).toBe(0)
    await expect.poll(() => processes(container)).not.toContain('marker-one')
    expect(await processes(container)).toContain('marker-other')
    expect((await other.run(sh('exit 5'))).code).toBe(5)
  })

  test('another user of the container is turned away', async () => {
    const container = await foreign()
    const mine = await connect(container, '--start')
    await mine.greet()
    const other = await Exec.start(engine, container, ['/supervisor', 'connect', '--start'], '65534')
    expect(await other.code()).toBe(4)
    expect(other.stderr).toContain('belongs to another user')
    expect((await mine.run(sh('exit 5'))).code).toBe(5)
  })

  test('root of another container on the same network is turned away', async () => {
    const container = await foreign()
    const mine = await connect(container, '--start')
    await mine.greet()
    const HostConfig = { NetworkMode: `container:${container}` }
    const other = await start({ Image: DEBIAN_IMAGE, Cmd: ['sleep', '600'], HostConfig })
    const visit = `
      use Socket;
      my ($name) = map { /@(anyon-supervisor-\\d+)/ } \`cat /proc/net/unix\`;
      socket(my $socket, AF_UNIX, SOCK_SEQPACKET, 0);
      connect($socket, pack_sockaddr_un("\\0$name")) or die "connect $name: $!";
      print STDERR "in";
      print STDERR " and out" if !sysread($socket, my $byte, 1);`
    const visitor = await Exec.start(engine, other, ['timeout', '5', 'perl', '-e', visit])
    await visitor.code()
    expect(visitor.stderr).toBe('in and out')
    expect((await mine.run(sh('exit 5'))).code).toBe(5)
  })

  test('a supervisor that is told to end kills its commands, and another one can be started', async () => {
    const container = await foreign()
    const first = await connect(container, '--start')
    const pid = pidOf(await first.greet())
    const number = first.spawn(sh('echo up; while :; do sleep 1; done', 'marker-first'))
    await first.next((frame) => frame.command === number && frame.type === FrameType.output)
    const killer = await Exec.start(engine, container, ['kill', String(pid)])
    expect(await killer.code()).toBe(0)
    expect(await first.code()).toBe(0)
    expect(await processes(container)).not.toContain('marker-first')
    const second = await connect(container, '--start')
    expect(pidOf(await second.greet())).not.toBe(pid)
  })
})

describe('as process 1', () => {
  test('it serves, and root in the container can neither kill nor stop it', async () => {
    const container = await ofOurs()
    const exec = await connect(container)
    const fields = await exec.greet()
    expect([4, 5, 6].map((tag) => numberOf(fields, tag))).toEqual([1, 0, 1])
    await exec.run(sh('kill -9 1; kill -STOP 1; kill -INT 1; kill -HUP 1'))
    expect(await exec.run({ ...sh('id -u'), user: '1234' })).toMatchObject({ stdout: Buffer.from('1234\n') })
  })

  test('it reaps what others leave', async () => {
    const container = await ofOurs()
    const orphan = await Exec.start(engine, container, ['sh', '-c', '(sleep 0.1 &) ; (true &)'])
    await orphan.closed
    const exec = await connect(container)
    await exec.greet()
    // What has just ended may not have been reaped yet.
    const zombies = 'sleep 0.3; while grep -q "State:.Z" /proc/[0-9]*/status; do sleep 0.1; done'
    expect((await exec.run(sh(zombies))).code).toBe(0)
  })

  test('stop ends it at once, with code 0, and everything with it', async () => {
    const container = await ofOurs()
    const exec = await connect(container)
    await exec.greet()
    const number = exec.spawn(sh('trap "" TERM; echo up; while :; do sleep 1; done'))
    await exec.next((frame) => frame.command === number && frame.type === FrameType.output)
    // A process that the engine has to kill when that time is over has another code.
    expect((await engineRequest('POST', `/containers/${container}/stop?t=20`)).status).toBe(204)
    expect((await engine.inspectContainer(container)).state).toMatchObject({ exitCode: 0 })
    expect(await exec.ended(number)).toMatchObject({ cause: 5, signal: 9, verified: 1 })
  })

  test('at the limit of processes a command fails cleanly, and a fork bomb is killed', async () => {
    const container = await ofOurs({ PidsLimit: 40 })
    const exec = await connect(container)
    await exec.greet()
    // Its processes begin anew where they cannot start more, or it could burn out by itself.
    const member = `trap 'exec sh -c "$1" "$0" "$1"' EXIT; while :; do sh -c "$1" "$0" "$1" & done`
    const bomb = exec.spawn({
      ...sh(member, 'marker-bomb'),
      argv: ['sh', '-c', member, 'marker-bomb', member],
    })
    const failed = await (async () => {
      for (;;) {
        const end = await exec.run(sh('exit 0'))
        if (end.failure) return end.failure
      }
    })()
    expect(failed).toMatchObject({ stage: 1, error: 11 })
    exec.kill(bomb, 15, 20)
    expect(await exec.ended(bomb)).toMatchObject({ cause: 1, verified: 1, survivors: 0 })
    expect(await processes(container)).not.toContain('marker-bomb')
    expect((await exec.run(sh('exit 5'))).code).toBe(5)
  })
})

test('install copies the program whole, and again over itself', async () => {
  const container = await foreign()
  for (let time = 0; time < 2; time++) {
    const install = await Exec.start(engine, container, ['/supervisor', 'install', '/home'])
    expect([await install.code(), install.stderr]).toEqual([0, ''])
  }
  const exec = await connect(container, '--start')
  await exec.greet()
  const look = 'cmp /supervisor /home/supervisor && stat -c %a /home/supervisor && ls -A /home'
  expect((await exec.run(sh(look))).stdout.toString()).toBe('555\nsupervisor\n')
  const nowhere = await Exec.start(engine, container, ['/supervisor', 'install', '/nowhere'])
  expect(await nowhere.code()).toBe(1)
  expect(nowhere.stderr).toContain('/nowhere')
})
