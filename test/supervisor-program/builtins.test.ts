import * as fs from 'node:fs'
import { createServer, type Server } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Builtins, commit, errorOf, nobody, writeFields, errno } from './builtin-tools.js'
import { decodeRecord, FrameType, numberOf } from './codec.js'

const stageExec = 5

const { ENOENT, EACCES, EINVAL } = errno

const here = new Builtins()

describe('a builtin', () => {
  test('that does not exist, or has other arguments, fails to start', async () => {
    for (const argv of [['no-such'], ['file-read', 'x'], ['sh', '-c', 'true']]) {
      expect((await here.run(...argv)).failure).toMatchObject({ stage: stageExec, error: ENOENT })
    }
  })

  test('is no program, and a program is no builtin', async () => {
    const end = await here.supervisor.run({ argv: ['file-stat', '/', '0'], cwd: '/', env: ['PATH=/bin'] })
    expect(end.failure).toMatchObject({ stage: stageExec, error: ENOENT })
  })

  test('ends as any command does', async () => {
    const end = await here.run('file-stat', '.', '1')
    expect(end).toMatchObject({ code: 0, cause: 0, verified: 1, survivors: 0 })
    expect(end.types.at(0)).toBe(FrameType.started)
    expect(end.types.at(-1)).toBe(FrameType.exit)
  })

  test('refuses a number that is none', async () => {
    for (const number of ['', '-1', '1x', '9'.repeat(19)]) {
      expect(errorOf(await here.run('file-list', '.', number)).error).toBe(EINVAL)
    }
  })

  test.runIf(nobody)('has the rights of the user that was asked for, and none of the others', async () => {
    fs.writeFileSync(here.at('mine'), 'secret', { mode: 0o600 })
    const end = await here.runAs(nobody, 'file-read', 'mine', '0', '100', '1')
    expect(errorOf(end)).toEqual({ error: EACCES, path: 'mine' })
    expect(errorOf(await here.write([...writeFields('new', 'x'), commit], nobody)).error).toBe(EACCES)
    const removed = await here.runAs(nobody, 'file-remove', 'mine', '1')
    expect(errorOf(removed).error).toBe(EACCES)
    expect(here.content('mine')).toBe('secret')
  })

  test.runIf(nobody)('cannot be looked into by its user', async () => {
    const number = here.supervisor.spawn(here.request(['file-watch', '/', '0'], nobody))
    await here.supervisor.next(({ command, type }) => command === number && type === FrameType.started)
    const started = here.supervisor.frames.find((frame) => frame.command === number) as { payload: Buffer }
    const pid = numberOf(decodeRecord(started.payload), 1)
    const peek = `for f in mem environ maps; do head -c1 /proc/${pid}/$f >/dev/null && echo $f; done; ls /proc/${pid}/fd; :`
    const peeking = { argv: ['sh', '-c', peek], cwd: '/', env: ['PATH=/usr/bin:/bin'] }
    const end = await here.supervisor.run({ ...peeking, ...(nobody !== undefined && { user: nobody }) })
    expect(end.stdout.toString()).toBe('')
    expect(end.stderr.toString()).toMatch(/denied/)
    here.supervisor.kill(number)
    await here.supervisor.ended(number)
  })
})

describe('port-wait', () => {
  async function listen(host: string): Promise<{ server: Server; port: number }> {
    const server = createServer().listen(0, host)
    await new Promise((resolve) => server.once('listening', resolve))
    onTestFinished(() => void server.close())
    return { server, port: (server.address() as { port: number }).port }
  }
  const four = (a: number, b: number, c: number, d: number) =>
    Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d]).toString('hex')
  const loopback = four(127, 0, 0, 1)

  /** Waits as long as it takes where it is to be open, for some looks at the tables where it is not. */
  async function expectOpen(port: number, address: string, isOpen: boolean): Promise<void> {
    const request = here.request(['port-wait', String(port), address])
    const end = await here.supervisor.run({ ...request, ...(!isOpen && { timeoutMs: 150 }) })
    expect(end).toMatchObject(isOpen ? { cause: 0, code: 0 } : { cause: 3 })
  }

  test('finds a socket that listens, at the addresses that it listens at', async () => {
    const { port } = await listen('127.0.0.1')
    await expectOpen(port, 'any', true)
    await expectOpen(port, loopback, true)
    await expectOpen(port, loopback.toUpperCase(), true)
    await expectOpen(port, four(127, 0, 0, 2), false)
    await expectOpen(port, four(0, 0, 0, 0), false)
    const everywhere = await listen('0.0.0.0')
    for (const address of ['any', loopback, four(10, 1, 2, 3), four(0, 0, 0, 0)]) {
      await expectOpen(everywhere.port, address, true)
    }
    await expectOpen(everywhere.port, `${'00'.repeat(15)}01`, false)
  })

  test('waits for one that is to come, and sees no connection for a listener', async () => {
    const { server, port } = await listen('127.0.0.1')
    const { Socket } = await import('node:net')
    const client = new Socket().connect(port, '127.0.0.1')
    await new Promise((resolve) => client.once('connect', resolve))
    server.close()
    await expectOpen(port, 'any', false)
    client.destroy()
    const waiting = here.run('port-wait', String(port), 'any')
    const again = createServer().listen(port, '127.0.0.1')
    onTestFinished(() => void again.close())
    expect((await waiting).code).toBe(0)
  })

  test('refuses an address that is none', async () => {
    for (const address of ['', 'all', '00', `${loopback}0`, `${loopback.slice(1)}g`]) {
      expect(errorOf(await here.run('port-wait', '80', address)).error).toBe(EINVAL)
    }
  })
})
