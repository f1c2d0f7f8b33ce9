import { createHash, randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { FrameType, numberOf } from './codec.js'
import { SupervisorProcess } from './supervisor-process.js'

// For a sanitized build on a busy machine.
vi.setConfig({ testTimeout: 30_000 })

let supervisor: SupervisorProcess
let folder: string

beforeAll(async () => {
  supervisor = await SupervisorProcess.open()
  folder = mkdtempSync(join(tmpdir(), 'anyon-supervisor-'))
})

afterAll(async () => {
  rmSync(folder, { recursive: true })
  expect(await supervisor.close()).toBe(0)
})

const PATH = 'PATH=/usr/bin:/bin'
const [stageFolder, stageExec, stageRequest] = [3, 5, 6]
const [ENOENT, E2BIG, ENOEXEC, EACCES, ENOTDIR, EINVAL] = [2, 7, 8, 13, 20, 22]
const command = (...argv: (string | Buffer)[]) => ({ argv, env: [PATH], cwd: '/' })
const sh = (script: string, ...rest: string[]) => command('sh', '-c', script, ...rest)
const script = (name: string, text: string, mode = 0o755) => {
  const path = join(folder, name)
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}

describe('the end', () => {
  test('is told in order, with what the kernel counted', async () => {
    const before = Date.now()
    const end = await supervisor.run(command('true'))
    expect(end).toMatchObject({
      code: 0,
      cause: 0,
      verified: 1,
      survivors: 0,
      killed: 0,
      requested: undefined,
    })
    expect(end.types).toEqual([0x82, expect.any(Number), expect.any(Number), 0x88])
    const [started, finished, peak] = [4, 5, 8].map((tag) => numberOf(end.fields, tag) ?? 0)
    expect(started).toBeGreaterThan((before - 5) * 1e6)
    expect(finished).toBeGreaterThan(started as number)
    expect(peak).toBeGreaterThan(100_000)
  })

  test('is every exit code from 0 to 255', async () => {
    const codes = [...Array(256).keys()]
    const ends = await Promise.all(codes.map((code) => supervisor.run(sh(`exit ${code}`))))
    expect(ends.map((end) => end.code)).toEqual(codes)
  })

  test.each([1, 2, 3, 6, 9, 11, 13, 15, 34, 64])(
    'is signal %i, told apart from 128 and more',
    async (signal) => {
      const end = await supervisor.run(sh(`kill -${signal} $$`))
      expect(end).toMatchObject({ signal, code: undefined, cause: 0 })
      expect(await supervisor.run(sh(`exit ${128 + signal}`))).toMatchObject({ code: 128 + signal })
    },
  )

  test('comes for hundreds of commands at once', async () => {
    const ends = await Promise.all(
      [...Array(200).keys()].map((i) => supervisor.run(sh(`echo ${i}; exit ${i}`))),
    )
    expect(ends.map((end) => `${end.stdout.toString().trim()} ${end.code}`)).toEqual(
      ends.map((_, i) => `${i} ${i}`),
    )
  })
})

describe('argv and environment', () => {
  test('arrive byte for byte', async () => {
    const words: (string | Buffer)[] = ['', ' ', 'a b', '\'"', '-n', '--', '\n', '$HOME', '*', 'ü']
    words.push(Buffer.from([0xff, 0xfe, 0x80]))
    const end = await supervisor.run(command('printf', '%s\\0', ...words))
    expect(end.stdout).toEqual(
      Buffer.concat(words.flatMap((word) => [Buffer.from(word as string), Buffer.alloc(1)])),
    )
  })

  test('may be many or long', async () => {
    const many = await supervisor.run(
      sh('echo $#', 'sh', ...Array.from({ length: 1000 }, (_, i) => String(i))),
    )
    expect(many.stdout.toString()).toBe('1000\n')
    const long = await supervisor.run(sh('printf %s "$1" | wc -c', 'sh', 'x'.repeat(100 * 1024)))
    expect(long.stdout.toString().trim()).toBe(String(100 * 1024))
  })

  test('longer than the kernel allows is a failure of exec', async () => {
    const end = await supervisor.run(command('true', 'x'.repeat(200 * 1024)))
    expect(end.failure).toMatchObject({ stage: stageExec, error: E2BIG })
  })

  test('hold exactly what was asked for', async () => {
    const env = ['PATH=/usr/bin:/bin', 'EMPTY=', 'TWO=a=b', 'LINES=1\n2', 'UTF=ü']
    const end = await supervisor.run({ argv: ['env', '-0'], env, cwd: '/' })
    expect(end.stdout.toString().split('\0').slice(0, -1)).toEqual(env)
    expect((await supervisor.run({ argv: ['/usr/bin/env'], cwd: '/' })).stdout.length).toBe(0)
  })

  test('get defaults where that is asked for, which never replace what is given', async () => {
    const request = { argv: ['env'], cwd: '/', flags: 4, path: '/bin:/usr/bin' }
    const lines = (await supervisor.run({ ...request, env: ['HOME=/mine'] })).stdout
      .toString()
      .trim()
      .split('\n')
    expect(lines).toContain('HOME=/mine')
    expect(lines).toContain('PATH=/bin:/usr/bin')
    expect(lines.filter((line) => line.startsWith('HOME='))).toHaveLength(1)
    expect(lines.some((line) => /^USER=\w+/.test(line))).toBe(true)
    expect(lines.some((line) => /^LOGNAME=\w+/.test(line))).toBe(true)
  })
})

describe('the program', () => {
  test('is looked up in the PATH of the command, else in the one for that', async () => {
    script('mine', '#!/bin/sh\necho found')
    const found = { argv: ['mine'], cwd: '/' }
    expect((await supervisor.run({ ...found, env: [`PATH=/nowhere:${folder}`] })).stdout.toString()).toBe(
      'found\n',
    )
    expect((await supervisor.run({ ...found, path: folder })).stdout.toString()).toBe('found\n')
    const both = { ...found, env: ['PATH=/nowhere'], path: folder }
    expect((await supervisor.run(both)).failure).toMatchObject({ stage: stageExec, error: ENOENT })
  })

  test('that cannot be run is a failure, not an exit code, and prints nothing', async () => {
    const failures: [string, number][] = [
      ['/no/such/program', ENOENT],
      ['no-such-program', ENOENT],
      [script('plain', 'echo', 0o644), EACCES],
      [folder, EACCES],
      [script('nowhere', '#!/no/such/interpreter\n'), ENOENT],
      [script('no-format', 'echo ran'), ENOEXEC],
      [join(script('file', ''), 'below'), ENOTDIR],
    ]
    for (const [program, error] of failures) {
      const end = await supervisor.run(command(program))
      expect(end).toMatchObject({ failure: { stage: stageExec, error }, types: [0x83] })
    }
  })

  test('may itself end with 126 and 127', async () => {
    expect(await supervisor.run(sh('exit 126'))).toMatchObject({ code: 126, failure: undefined })
    expect(await supervisor.run(sh('exec no-such-program'))).toMatchObject({ code: 127, failure: undefined })
  })
})

describe('its surroundings', () => {
  test('are the folder asked for', async () => {
    expect((await supervisor.run({ ...command('pwd'), cwd: '/usr/bin' })).stdout.toString()).toBe(
      '/usr/bin\n',
    )
    const missing = await supervisor.run({ ...command('pwd'), cwd: '/no/such/folder' })
    expect(missing.failure).toMatchObject({ stage: stageFolder, error: ENOENT })
  })

  test('are a session of its own, no descriptor beside its three, and clean signals', async () => {
    const leads = await supervisor.run(sh('read -r line < /proc/$$/stat; set -- ${line##*)}; echo $$ $3 $4'))
    const [pid, group, session] = leads.stdout.toString().trim().split(' ')
    expect([group, session]).toEqual([pid, pid])
    const files = await supervisor.run(command('ls', '/proc/self/fd'))
    expect(files.stdout.toString()).toBe('0\n1\n2\n3\n') // 3 is ls reading the folder
    const status = (await supervisor.run(command('grep', 'Sig', '/proc/self/status'))).stdout.toString()
    expect(status).toMatch(/SigBlk:\t0+\n/)
    expect(status).toMatch(/SigIgn:\t0+\n/)
    expect((await supervisor.run(sh('umask'))).stdout.toString()).toBe('0022\n')
  })

  test('may open their own stdout again', async () => {
    expect((await supervisor.run(sh('echo again > /dev/stdout'))).stdout.toString()).toBe('again\n')
  })

  test('keep the limit on descriptors that the supervisor was given', async () => {
    const limited = await SupervisorProcess.open([
      'sh',
      '-c',
      `ulimit -Sn 100; exec "$0" stdio`,
      process.env['ANYON_SUPERVISOR_BINARY'] ?? `dist/supervisor/anyon-supervisor-linux-${process.arch}`,
    ])
    expect((await limited.run(sh('ulimit -Sn'))).stdout.toString()).toBe('100\n')
    await limited.close()
  })
})

describe('stdin', () => {
  test('arrives whole, with its end', async () => {
    const bytes = randomBytes(60_000)
    const end = await supervisor.run(command('sha256sum'), bytes)
    expect(end.stdout.toString().slice(0, 64)).toBe(createHash('sha256').update(bytes).digest('hex'))
  })

  test('is at its end at once where there is none', async () => {
    expect((await supervisor.run(sh('cat; echo end'))).stdout.toString()).toBe('end\n')
  })

  test('that its host cuts off has no end: a part must not pass for the whole', async () => {
    const host = await SupervisorProcess.open()
    const path = join(folder, 'whole')
    const number = host.spawn({ ...sh('trap "" TERM; cat; touch "$0"', path), flags: 1 })
    host.send(FrameType.data, number, Buffer.from('half'))
    await host.next((one) => one.command === number && one.type === FrameType.output)
    expect(await host.close()).toBe(0)
    expect(existsSync(path)).toBe(false)
  })
})

describe('a request', () => {
  test.each([
    ['without an argument', { argv: [] }],
    ['with an empty program', { argv: [''] }],
    ['with a NUL in an argument', { argv: ['true', 'a\0b'] }],
    ['with a NUL in the environment', { argv: ['true'], env: ['A=\0'] }],
    ['with a variable without a name', { argv: ['true'], env: ['=x'] }],
    ['with a variable without a value', { argv: ['true'], env: ['x'] }],
    ['with a relative folder', { argv: ['true'], cwd: 'x' }],
    ['with an empty user', { argv: ['true'], user: '' }],
  ])('%s is refused', async (_, request) => {
    expect((await supervisor.run(request)).failure).toMatchObject({ stage: stageRequest, error: EINVAL })
  })
})
