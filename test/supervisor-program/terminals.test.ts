import { createHash, randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { FrameType, type Frame } from './codec.js'
import { SupervisorProcess, type SpawnRequest } from './supervisor-process.js'

// For a sanitized build on a busy machine.
vi.setConfig({ testTimeout: 30_000 })

let supervisor: SupervisorProcess

beforeEach(async () => {
  supervisor = await SupervisorProcess.open()
})

afterEach(async () => {
  await supervisor.close()
})

const stageRequest = 6
const malformed = 5
const [SIGHUP, SIGINT, SIGKILL] = [1, 2, 9]
const PATH = 'PATH=/usr/bin:/bin'
const inTerminal = (argv: string[], more: Partial<SpawnRequest> = {}): SpawnRequest => ({
  argv,
  env: [PATH, 'TERM=xterm'],
  cwd: '/',
  flags: 1,
  terminal: [120, 40],
  ...more,
})
const sh = (script: string, more?: Partial<SpawnRequest>) => inTerminal(['sh', '-c', script], more)
const printed = (number: number) => supervisor.output(number, 1).toString('latin1')
const shows = (number: number, text: string) => supervisor.next(() => printed(number).includes(text))
const type = (number: number, text: string | Buffer) =>
  supervisor.send(FrameType.data, number, Buffer.from(text as string))

test('the command finds a terminal of the size asked for, and of its own', async () => {
  const end = await supervisor.run(
    sh('stty size; tty; test -t 0 && test -t 1 && test -t 2 && echo all; exit 7'),
  )
  expect(end).toMatchObject({ code: 7, verified: 1 })
  expect(end.stdout.toString()).toMatch(/^40 120\r\n\/dev\/pts\/\d+\r\nall\r\n$/)
})

test('stderr is the terminal as well, and its own channel ends at once', async () => {
  const number = supervisor.spawn(sh('echo out; echo err >&2; read -r go'))
  await supervisor.next((frame) => frame.type === FrameType.outputEnd && frame.channel === 2)
  await shows(number, 'out\r\nerr\r\n')
  type(number, 'go\n')
  expect(await supervisor.ended(number)).toMatchObject({ code: 0, stderr: Buffer.alloc(0) })
})

test('a new size is told to the program in the foreground', async () => {
  const script = 'trap "stty size" WINCH; echo ready; while read -r line; do echo "got $line"; done'
  const number = supervisor.spawn(inTerminal(['bash', '-c', script]))
  await shows(number, 'ready')
  supervisor.resize(number, 65535, 1)
  type(number, 'one\n')
  await shows(number, 'got one')
  type(number, 'two\n')
  await shows(number, '1 65535\r\n')
  supervisor.kill(number)
})

test.each([
  ['Ctrl-C', '\x03', SIGINT],
  ['Ctrl-\\', '\x1c', 3],
])('%s is the signal that the line discipline makes of it', async (_, key, signal) => {
  const number = supervisor.spawn(sh('ulimit -c 0; echo ready; exec sleep 100'))
  await shows(number, 'ready')
  type(number, key)
  expect(await supervisor.ended(number)).toMatchObject({ signal, cause: 0 })
})

test.each([
  ['after a line', 'a\n', 'a\r\na\r\n'],
  ['in the middle of one', 'abc', 'abcabc'],
])('the end of stdin is an end-of-file %s', async (_, text, expected) => {
  const end = await supervisor.run(inTerminal(['cat']), Buffer.from(text))
  expect(end).toMatchObject({ code: 0 })
  expect(end.stdout.toString()).toBe(expected)
})

test('the end of stdin is the character for it that the terminal has', async () => {
  const number = supervisor.spawn(sh('stty eof ^E; echo ready; cat; echo over'))
  await shows(number, 'ready')
  supervisor.send(FrameType.end, number)
  expect((await supervisor.ended(number)).stdout.toString()).toContain('over')
})

test('every byte passes in raw mode, both ways', async () => {
  const all = Buffer.from(Array.from({ length: 256 }, (_, value) => value))
  const number = supervisor.spawn(sh('stty raw -echo; echo ready; exec head -c 256'))
  await shows(number, 'ready\n')
  type(number, all)
  const end = await supervisor.ended(number)
  expect(end.stdout.subarray(-256)).toEqual(all)
})

/** Types as much as the windows allow, to the last byte. */
async function typeAll(number: number, bytes: Buffer): Promise<void> {
  let sent = 0
  let limit = 65_536
  const push = (): void => {
    const piece = bytes.subarray(sent, limit)
    if (piece.length > 0) supervisor.send(FrameType.data, number, piece)
    sent += piece.length
  }
  push()
  await supervisor.next((frame: Frame) => {
    if (frame.command === number && frame.type === FrameType.stdinWindow) {
      limit = Number(frame.payload.readBigUInt64LE(8))
      push()
    }
    return sent === bytes.length
  })
}

test('much input arrives whole, however slowly it is read', async () => {
  const bytes = randomBytes(3_000_000)
  const script = `stty raw -echo; echo ready; { sleep 0.3; head -c ${bytes.length}; } | sha256sum`
  const number = supervisor.spawn(sh(script))
  await shows(number, 'ready')
  await typeAll(number, bytes)
  const hash = createHash('sha256').update(bytes).digest('hex')
  expect((await supervisor.ended(number)).stdout.toString()).toContain(hash)
})

test('a program that reads nothing is not sent more than a window', async () => {
  const number = supervisor.spawn(sh('stty raw -echo; echo ready; sleep 100'))
  await shows(number, 'ready')
  type(number, Buffer.alloc(65_536, 'x'))
  type(number, Buffer.alloc(0))
  await supervisor.next((frame) => frame.type === FrameType.stdinWindow)
  const limits = supervisor.frames.filter((frame) => frame.type === FrameType.stdinWindow)
  expect(Number(limits.at(-1)?.payload.readBigUInt64LE(8))).toBeLessThanOrEqual(256 * 1024)
  supervisor.kill(number, SIGKILL)
  expect(await supervisor.ended(number)).toMatchObject({ signal: SIGKILL })
})

test('what was printed just before the end is there, 1 MB of it', async () => {
  const script = 'stty raw; head -c 1000000 /dev/zero | tr "\\0" x; exit 3'
  for (const window of [1 << 30, 20_000_000]) {
    const end = await supervisor.run(sh(script, { window }))
    expect(end).toMatchObject({ code: 3 })
    expect(end.stdout.length).toBe(1_000_000)
  }
})

test('output stops at the window, and its end waits for it', async () => {
  const number = supervisor.spawn(sh('stty raw; head -c 9000 /dev/zero; exit 4', { window: 1000 }))
  await supervisor.next(() => supervisor.output(number, 1).length === 1000)
  for (const limit of [2000, 5000, 8999]) {
    supervisor.grant(number, 1, supervisor.output(number, 1).length, limit)
    await supervisor.next(() => supervisor.output(number, 1).length === limit)
  }
  supervisor.grant(number, 1, 8999, 9000)
  const end = await supervisor.ended(number)
  expect(end).toMatchObject({ code: 4 })
  expect(end.stdout.length).toBe(9000)
})

test('a program may close its terminal and open it again', async () => {
  const script = 'exec 0<&- 1>&- 2>&-; sleep 0.3; exec >/dev/tty; echo again; exit 5'
  const end = await supervisor.run(sh(script))
  expect(end).toMatchObject({ code: 5 })
  expect(end.stdout.toString()).toBe('again\r\n')
})

test('a kill hangs up: what ignores SIGTERM, as interactive shells do, ends at once', async () => {
  const number = supervisor.spawn(sh('trap "" TERM; echo ready; exec sleep 100'))
  await shows(number, 'ready')
  supervisor.kill(number, 15, 20_000)
  expect(await supervisor.ended(number)).toMatchObject({ signal: SIGHUP, cause: 1, verified: 1 })
})

test('a kill with another signal is that and nothing else', async () => {
  const number = supervisor.spawn(
    sh('trap "echo hung up" HUP; trap "echo told; exit 6" USR1; echo ready; while :; do sleep 0.01; done'),
  )
  await shows(number, 'ready')
  supervisor.kill(number, 10, 20_000)
  const end = await supervisor.ended(number)
  expect(end).toMatchObject({ code: 6, cause: 1 })
  expect(end.stdout.toString()).not.toContain('hung up')
})

test('what has left the session and ignores the hang-up is killed with the rest', async () => {
  const script = 'setsid sh -c "trap \\"\\" HUP TERM; echo ready; sleep 100; sleep 100" & wait'
  const number = supervisor.spawn(sh(script))
  await shows(number, 'ready')
  supervisor.kill(number, 15, 50)
  expect(await supervisor.ended(number)).toMatchObject({ cause: 1, verified: 1, survivors: 0 })
})

test('where descendants are kept, the end comes with what the command itself had printed', async () => {
  const script = 'stty raw; (trap "" HUP; sleep 1; echo late) & head -c 50000 /dev/zero; exit 3'
  const end = await supervisor.run(sh(script, { flags: 3 }))
  expect(end).toMatchObject({ code: 3 })
  expect(end.stdout.length).toBe(50_000)
})

test('the time limit holds', async () => {
  const end = await supervisor.run(sh('echo ready; exec sleep 100', { timeoutMs: 200, graceMs: 20_000 }))
  expect(end).toMatchObject({ cause: 3, signal: SIGHUP })
})

test('another user may open the terminal again', async ({ skip }) => {
  if (process.getuid?.() !== 0) skip('needs root')
  const script = 'id -un; echo tty >/dev/tty; echo name >"$(tty)"; stty -a >/dev/null && echo modes'
  const end = await supervisor.run(sh(script, { user: 'daemon' }))
  expect(end.stdout.toString()).toBe('daemon\r\ntty\r\nname\r\nmodes\r\n')
})

test.each([
  [0, 40],
  [80, 0],
])('a size of %i by %i is refused', async (columns, rows) => {
  const end = await supervisor.run(sh('true', { terminal: [columns, rows] }))
  expect(end.failure).toMatchObject({ stage: stageRequest, text: "the terminal's size is 0" })
})

test.each([
  ['a size of 0', [0, 1], true],
  ['one for a command without a terminal', [80, 24], false],
] as const)('RESIZE with %s is an error', async (_, [columns, rows], terminal) => {
  const { terminal: size, ...without } = sh('sleep 100')
  const number = supervisor.spawn({ ...without, ...(terminal && size && { terminal: size }) })
  await supervisor.next((frame) => frame.type === FrameType.started)
  supervisor.resize(number, columns, rows)
  const error = await supervisor.next((frame) => frame.type === FrameType.error)
  expect(error.payload[6]).toBe(malformed)
})

test('a RESIZE that crossed the end is ignored', async () => {
  const number = supervisor.spawn(sh('exit 0'))
  await supervisor.ended(number)
  supervisor.resize(number, 80, 24)
  expect(await supervisor.run(sh('exit 9'))).toMatchObject({ code: 9 })
})

test('fifty at once have fifty terminals, and none is left open', async () => {
  const open = () => readdirSync(`/proc/${supervisor.child.pid}/fd`).length
  const before = open()
  const numbers = Array.from({ length: 50 }, () => supervisor.spawn(sh('tty; read -r word; echo "<$word>"')))
  for (const number of numbers) await shows(number, '/dev/pts/')
  for (const number of numbers) type(number, `word ${number}\n`)
  const ends = await Promise.all(numbers.map((number) => supervisor.ended(number)))
  const names = ends.map(({ stdout }) => /\/dev\/pts\/\d+/.exec(stdout.toString())?.[0])
  expect(new Set(names).size).toBe(50)
  for (const [index, end] of ends.entries())
    expect(end.stdout.toString()).toContain(`<word ${numbers[index]}>`)
  await supervisor.run(sh('true'))
  expect(open()).toBe(before)
})
