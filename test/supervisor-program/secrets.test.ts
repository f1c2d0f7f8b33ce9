import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { decodeRecord, FrameType, numberOf } from './codec.js'
import { eventually } from './processes.js'
import { secretRecord, SupervisorProcess, type Secret } from './supervisor-process.js'

// For a sanitized build on a busy machine.
vi.setConfig({ testTimeout: 30_000 })

const PATH = 'PATH=/usr/bin:/bin'
const bases = ['/tmp/secrets', `/dev/shm/anyon-secrets-${process.getuid?.() ?? 0}`]

let supervisor: SupervisorProcess

beforeEach(async () => {
  supervisor = await SupervisorProcess.open()
})

afterEach(async () => {
  await supervisor.close()
})

const token: Secret = { name: 'token', bytes: Buffer.from('sesame-open') }
const sh = (script: string, secrets: readonly Secret[] = [token]) => ({
  argv: ['sh', '-c', script],
  env: [PATH],
  cwd: '/',
  secrets,
})
const said = (number: number, text: string) =>
  supervisor.next(() => supervisor.output(number, 1).toString().includes(text))
const answers = (number: number) =>
  supervisor.frames.filter(({ type, command }) => type === FrameType.secretAnswer && command === number)
const folderOf = async (number: number) => {
  await said(number, '\n')
  return supervisor.output(number, 1).toString().split('\n')[0] ?? ''
}

describe('secrets', () => {
  test('lie in a tmpfs before the command starts, for its user alone, and are gone when it has ended', async () => {
    const end = await supervisor.run(
      sh(
        `cd $ANYON_SECRETS_DIR && pwd && stat -f -c %T . && stat -c '%a %u' . .. token key && cat token && echo && cat $KEY && echo $DIR`,
        [
          token,
          {
            name: 'key',
            mode: 0o600,
            bytes: Buffer.from([0, 1, 2]),
            fileVariable: 'KEY',
            folderVariable: 'DIR',
          },
        ],
      ),
    )
    const [folder = '', type, run, , first, second, value, rest] = end.stdout.toString().split('\n')
    expect([type, run, first, second, value]).toEqual(['tmpfs', '700 0', '400 0', '600 0', 'sesame-open'])
    expect(rest).toBe(`\0\x01\x02${folder}`)
    expect(end).toMatchObject({ code: 0, secretsGone: 1 })
    expect(existsSync(folder)).toBe(false)
  })

  test('are not there for a command without any, nor is a word of them in its EXIT', async () => {
    const end = await supervisor.run(sh('echo "[$ANYON_SECRETS_DIR]"', []))
    expect(end.stdout.toString()).toBe('[]\n')
    expect(end.secretsGone).toBeUndefined()
  })

  test('of the environment alone need no folder', async () => {
    const end = await supervisor.run(sh('echo "[$ANYON_SECRETS_DIR]"; ulimit -c; ulimit -Hc', [{}]))
    expect(end.stdout.toString()).toBe('[]\n0\n0\n')
    expect(end.secretsGone).toBe(1)
  })

  test.each([
    ['killed', 'sleep 100', { kill: true }],
    ['timed out', 'sleep 100', { timeoutMs: 1500 }],
    ['killed, with a tree that ignores TERM', `trap '' TERM; setsid sleep 100 & sleep 100`, { kill: true }],
  ])(
    'are gone when the command is %s',
    async (_, script, { kill, timeoutMs }: { kill?: boolean; timeoutMs?: number }) => {
      const number = supervisor.spawn({
        ...sh(`ls $ANYON_SECRETS_DIR >&2; echo $ANYON_SECRETS_DIR; ${script}`),
        ...(timeoutMs !== undefined && { timeoutMs }),
        graceMs: 50,
      })
      const folder = await folderOf(number)
      if (kill) supervisor.kill(number, 15, 50)
      const end = await supervisor.ended(number)
      expect(end).toMatchObject({ secretsGone: 1, verified: 1, stderr: Buffer.from('token\n') })
      expect(existsSync(folder)).toBe(false)
    },
  )

  test('are gone when what it left behind is', async () => {
    const end = await supervisor.run(
      sh('echo $ANYON_SECRETS_DIR; (setsid sleep 100 < $ANYON_SECRETS_DIR/token &)'),
    )
    expect(end).toMatchObject({ code: 0, killed: 1, secretsGone: 1 })
    expect(existsSync(end.stdout.toString().trim())).toBe(false)
  })

  test('are gone when the connection is lost', async () => {
    const number = supervisor.spawn(sh('echo $ANYON_SECRETS_DIR; sleep 100'))
    const folder = await folderOf(number)
    await supervisor.close()
    await eventually(() => !existsSync(folder))
  })

  test('are gone when the program cannot be run, and the FAILED says so', async () => {
    const end = await supervisor.run({ ...sh(''), argv: ['/no/such/program'] })
    expect(end).toMatchObject({ failure: { stage: 5, error: 2 }, secretsGone: 1 })
  })

  test('are destroyed by the supervisor when its monitor is killed', async () => {
    const number = supervisor.spawn(sh('echo $ANYON_SECRETS_DIR $PPID; sleep 100'))
    const [folder = '', monitor] = (await folderOf(number)).split(' ')
    process.kill(Number(monitor), 'SIGKILL')
    const end = await supervisor.ended(number)
    expect(end.status).toBeUndefined()
    expect(end.secretsGone).toBe(1)
    expect(existsSync(folder)).toBe(false)
  })

  test('are destroyed by the monitor when the supervisor is killed', async () => {
    const number = supervisor.spawn(sh('echo $ANYON_SECRETS_DIR; sleep 100'))
    const folder = await folderOf(number)
    supervisor.child.kill('SIGKILL')
    await eventually(() => !existsSync(folder))
  })

  test('that both left behind are destroyed before the next', async () => {
    const left = `${bases[1]}/0123456789abcdef`
    await supervisor.run(sh('true'))
    mkdirSync(left, { recursive: true })
    writeFileSync(`${left}/token`, 'sesame-open')
    const other = await SupervisorProcess.open()
    await other.run(sh('true'))
    await other.close()
    expect(existsSync(left)).toBe(false)
  })

  test('of many commands at once are apart', async () => {
    const ends = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        supervisor.run(sh('cat $ANYON_SECRETS_DIR/*', [{ name: 'own', bytes: Buffer.from(`value ${n}`) }])),
      ),
    )
    expect(ends.map(({ stdout }) => stdout.toString())).toEqual(ends.map((_, n) => `value ${n}`))
  })
})

describe('a hostile command', () => {
  const gone = async (script: string) => {
    const end = await supervisor.run(sh(`cd $ANYON_SECRETS_DIR; pwd; ${script}`))
    const [folder = ''] = end.stdout.toString().split('\n')
    expect(end.stderr.toString()).toBe('')
    expect(end.secretsGone).toBe(1)
    expect(existsSync(folder)).toBe(false)
    return end
  }

  test('that hides the file in folders without rights, deep down, does not keep it', async () => {
    await gone(`d=.; for i in $(seq 400); do mkdir "$d/x" && cd "$d/x" && d=.; done; mv $ANYON_SECRETS_DIR/token .
      cd $ANYON_SECRETS_DIR; mkdir none; mkdir none/none; touch none/none/file; chmod 000 none/none none; chmod 000 .`)
  })

  test('that makes ten thousand entries does not keep it', async () => {
    await gone('mkdir a b; for d in . a b; do seq 3400 | (cd $d; xargs touch); done')
  })

  test('that puts a link to a file or folder elsewhere in its place destroys nothing but the secret', async () => {
    const outside = `/dev/shm/outside-${randomBytes(4).toString('hex')}`
    mkdirSync(outside)
    writeFileSync(`${outside}/kept`, 'kept')
    try {
      await gone(
        `ln -sf ${outside}/kept token2; rm -f token; ln -s ${outside}/kept token; ln -s ${outside} folder`,
      )
      expect(readdirSync(outside)).toEqual(['kept'])
      expect((await supervisor.run(sh(`cat ${outside}/kept`))).stdout.toString()).toBe('kept')
    } finally {
      rmSync(outside, { recursive: true })
    }
  })

  test('that moves or links the file elsewhere on the tmpfs keeps an empty one', async () => {
    const name = `elsewhere-${randomBytes(4).toString('hex')}`
    let elsewhere = ''
    try {
      const end = await gone(`top=$(stat -c %m .)/${name}; ln token $top-2; mv token $top; echo $top`)
      elsewhere = end.stdout.toString().trim().split('\n')[1] ?? ''
      const left = await supervisor.run(sh(`cat ${elsewhere} ${elsewhere}-2 | wc -c`))
      expect(left.stdout.toString().trim()).toBe('0')
      expect(existsSync(elsewhere) && existsSync(`${elsewhere}-2`)).toBe(true)
    } finally {
      rmSync(elsewhere, { force: true })
      rmSync(`${elsewhere}-2`, { force: true })
    }
  })

  // As busybox cat does: what is in the pipe then is the file's own memory.
  test('what was sent out of a file without a copy arrives as it was, though it is read when the file is gone', async () => {
    const sendfile = process.arch === 'arm64' ? 71 : 40
    const script = `open(F, "<", "$ENV{ANYON_SECRETS_DIR}/token"); print STDERR $ENV{ANYON_SECRETS_DIR};
      syscall(${sendfile}, 1, fileno(F), 0, 64) > 0 or die "sendfile: $!"`
    const request = { argv: ['perl', '-e', script], env: ['PATH=/usr/bin:/bin'], cwd: '/', window: 1 }
    const number = supervisor.spawn({ ...request, secrets: [token] })
    supervisor.grant(number, 2, 0, 1000)
    await supervisor.next(
      ({ command, channel, type }) => command === number && channel === 2 && type === FrameType.output,
    )
    await expect.poll(() => existsSync(supervisor.output(number, 2).toString())).toBe(false)
    supervisor.grant(number, 1, 1, 1000)
    const end = await supervisor.ended(number)
    expect([end.stdout.toString(), end.secretsGone]).toEqual(['sesame-open', 1])
  })

  test('that makes pipes and sockets of its names hangs nobody', async () => {
    await gone('rm -f token; mkfifo token other; mkdir -p "a b/c"; mkfifo "a b/c/d"')
  })
})

describe('a bad request', () => {
  test.each<[string, Secret[], string]>([
    [
      'a name with a slash',
      [{ name: 'a/b', bytes: Buffer.from('v') }],
      "a secret's name is not that of a file",
    ],
    ['the name ..', [{ name: '..', bytes: Buffer.from('v') }], "a secret's name is not that of a file"],
    ['a name with NUL', [{ name: 'a\0b', bytes: Buffer.from('v') }], "a secret's name is not that of a file"],
    [
      'a secret that is too large',
      [{ name: 'a', bytes: Buffer.alloc(65_537) }],
      'a secret is larger than 65536 bytes',
    ],
    [
      'secrets that are too large',
      Array.from({ length: 9 }, (_, n) => ({ name: `n${n}`, bytes: Buffer.alloc(65_000) })),
      'the secrets are larger than 524288 bytes',
    ],
    [
      'too many',
      Array.from({ length: 65 }, (_, n) => ({ name: `n${n}`, bytes: Buffer.from('v') })),
      'there are more than 64 secrets',
    ],
    [
      'a mode for others',
      [{ name: 'a', mode: 0o440, bytes: Buffer.from('v') }],
      "a secret's mode lets others in",
    ],
    ['bytes without a name', [{ bytes: Buffer.from('v') }], 'a secret has no name'],
    [
      'a variable with =',
      [{ name: 'a', bytes: Buffer.from('v'), fileVariable: 'A=B' }],
      "a secret's variable is none",
    ],
  ])('of %s starts nothing', async (_, secrets, text) => {
    const end = await supervisor.run(sh('touch /should/not', secrets))
    expect(end.failure).toEqual({ stage: 6, error: 22, text })
  })

  test('of two secrets in one file starts nothing and leaves nothing', async () => {
    const end = await supervisor.run(sh('true', [token, token]))
    expect(end.failure).toEqual({ stage: 14, error: 17, text: 'two of them are to have the same name' })
    expect(end.secretsGone).toBe(1)
  })

  test('to keep descendants along with secrets starts nothing', async () => {
    const end = await supervisor.run({ ...sh('true'), flags: 2 })
    expect(end.failure?.text).toBe('descendants cannot be kept with secrets')
  })
})

describe('SECRET', () => {
  test('replaces the file under the running command', async () => {
    const number = supervisor.spawn({
      ...sh(
        'read x; cat $ANYON_SECRETS_DIR/token; stat -c %a $ANYON_SECRETS_DIR/token; ls $ANYON_SECRETS_DIR',
      ),
      flags: 1,
    })
    supervisor.send(
      FrameType.secret,
      number,
      secretRecord({ name: 'token', bytes: Buffer.from('sesame-shut\n') }),
    )
    await supervisor.next(() => answers(number).length === 1)
    expect(numberOf(decodeRecord(answers(number)[0]?.payload ?? Buffer.alloc(0)), 1)).toBe(0)
    supervisor.send(FrameType.data, number, Buffer.from('\n'))
    const end = await supervisor.ended(number)
    expect(end.stdout.toString()).toBe('sesame-shut\n400\ntoken\n')
    expect(end.secretsGone).toBe(1)
  })

  test('without bytes destroys it', async () => {
    const number = supervisor.spawn({ ...sh('read x; ls $ANYON_SECRETS_DIR'), flags: 1 })
    supervisor.send(FrameType.secret, number, secretRecord({ name: 'token' }))
    await supervisor.next(() => answers(number).length === 1)
    supervisor.send(FrameType.data, number, Buffer.from('\n'))
    expect((await supervisor.ended(number)).stdout.toString()).toBe('')
  })

  test.each([
    ['a name that was not given', { name: 'other', bytes: Buffer.from('v') }, 2],
    ['a name that is none', { name: '../token', bytes: Buffer.from('v') }, 22],
  ])('of %s is answered with an error', async (_, secret, errno) => {
    const number = supervisor.spawn(sh('sleep 100'))
    supervisor.send(FrameType.secret, number, secretRecord(secret))
    await supervisor.next(() => answers(number).length === 1)
    expect(numberOf(decodeRecord(answers(number)[0]?.payload ?? Buffer.alloc(0)), 1)).toBe(errno)
    supervisor.kill(number)
    await supervisor.ended(number)
  })

  test('of no command says where it looked, and tells what is left from what is in use', async () => {
    const left = `${bases[1]}/fedcba9876543210`
    const number = supervisor.spawn(sh('echo $ANYON_SECRETS_DIR; sleep 100'))
    await folderOf(number)
    mkdirSync(left, { recursive: true })
    supervisor.send(FrameType.secret, 0)
    await supervisor.next(() => answers(0).length === 1)
    rmSync(left, { recursive: true })
    const fields = decodeRecord(answers(0)[0]?.payload ?? Buffer.alloc(0))
    expect(fields.filter(([tag]) => tag === 1).map(([, bytes]) => bytes.toString())).toEqual(bases)
    expect(fields.filter(([tag]) => tag === 2).map(([, bytes]) => bytes.toString())).toContain(left)
    // Others may use the same folders of this machine.
    expect(numberOf(fields, 3)).toBeGreaterThanOrEqual(1)
    expect(numberOf(fields, 4)).toBeGreaterThanOrEqual(1)
    supervisor.kill(number)
    await supervisor.ended(number)
  })
})

test('a secret that expires goes while the command runs, and the host is told', async () => {
  const secrets = [
    { name: 'kept', bytes: Buffer.from('v') },
    { ...token, lastsMs: 300 },
  ]
  const number = supervisor.spawn({ ...sh('read x; ls $ANYON_SECRETS_DIR', secrets), flags: 1 })
  await supervisor.next(() => answers(number).length === 1)
  const fields = decodeRecord(answers(number)[0]?.payload ?? Buffer.alloc(0))
  expect([numberOf(fields, 1), numberOf(fields, 2)]).toEqual([undefined, 2])
  supervisor.send(FrameType.data, number, Buffer.from('\n'))
  const end = await supervisor.ended(number)
  expect(end.stdout.toString()).toBe('kept\n')
  expect(end.secretsGone).toBe(1)
})
