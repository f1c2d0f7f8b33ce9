import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import type { CommandRunner } from '../command/command-runner.js'
import { ContainersError } from '../errors/containers-error.js'
import type { SecretEvent } from '../events/secret-events.js'
import { Secret } from '../model/secret.js'
import type { SecretUse } from '../model/secret-use.js'
import type { SecretStore } from '../ports/secret-store.js'
import { secretEnv, secretEnvFile, secretFile, secretJson } from '../secrets/secret-uses.js'
import { firstLine, output } from './case-tools.js'

/** What a runner is made of for a case. */
export interface SecretCaseOptions {
  readonly secretStore: SecretStore
  readonly onSecrets: (event: SecretEvent) => void
}

/** One thing that every runner which can give secrets to commands does alike. Rejects when it does not. */
export interface SecretCase {
  readonly name: string
  run(open: (options: SecretCaseOptions) => CommandRunner): Promise<void>
}

interface Scene {
  readonly runner: CommandRunner
  readonly events: SecretEvent[]
  readonly store: Store
}

class Store implements SecretStore {
  readonly secrets = new Map<string, Secret>()
  get(name: string): Promise<Secret> {
    const secret = this.secrets.get(name)
    if (!secret) throw new ContainersError('SECRET_NOT_FOUND', `The secret "${name}" is not there.`)
    return Promise.resolve(secret)
  }
  set(name: string, value: string | Uint8Array, expiresInMs?: number): void {
    const expiresAt = expiresInMs === undefined ? {} : { expiresAt: new Date(Date.now() + expiresInMs) }
    this.secrets.set(name, new Secret(name, value, expiresAt))
  }
}

const token = 'sesame-0pen-0123456789'
const sh = (script: string) => ['sh', '-c', script]
const use = secretFile('token', 'case/token')

function secretCase(name: string, play: (scene: Scene) => Promise<void>): SecretCase {
  return {
    name,
    async run(open) {
      const store = new Store()
      store.set('case/token', token)
      const events: SecretEvent[] = []
      const runner = open({ secretStore: store, onSecrets: (event) => events.push(event) })
      try {
        await play({ runner, events, store })
        assert(!inspect(events, { depth: 9 }).includes(token))
      } finally {
        await runner.close()
      }
    },
  }
}

async function fails(scene: Scene, code: string, uses: readonly SecretUse[], says: string): Promise<void> {
  const command = scene.runner.spawn(sh('echo ran'), { secrets: uses })
  const error: unknown = await command.started.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  assert(error instanceof ContainersError, 'it was started')
  assert.equal(error.code, code, error.message)
  assert(error.message.includes(says), error.message)
  const exit = await command.exit
  assert.equal(exit.reason, 'spawnFailed')
  assert.equal(await command.text(), '')
  assert(!inspect([error, exit], { depth: 9 }).includes(token))
  assert.deepEqual(
    scene.events.filter(({ type }) => type === 'delivered'),
    [],
  )
}

/** A script that says where its secrets are, and goes on. */
const tell = 'printf "%s\\n" "$ANYON_SECRETS_DIR";'
const isThere = async ({ runner }: Scene, path: string) =>
  (await output(runner.run(sh('test -e "$0" && echo yes || echo no; :').concat(path)))).trim() === 'yes'

/** Where secrets are given to commands: the cases of `CommandRunner`s whose `capabilities.secrets` is true. */
export const secretCases: readonly SecretCase[] = [
  secretCase(
    'a secret is a variable, a file, a line of an env file, a string of JSON',
    async ({ runner, store }) => {
      store.set('case/odd', `it's "odd" $HOME`)
      const script = `cd "$ANYON_SECRETS_DIR" && test "$TOKEN" = "$(cat token)" && test "$TOKEN" = "$(cat "$KEY")" &&
      . ./env && test "$A" = "$TOKEN" && test "$B" = "it's \\"odd\\" \\$HOME" && wc -c < json`
      const secrets = [
        secretEnv('TOKEN', 'case/token'),
        use,
        secretFile('key', 'case/token', { variable: 'KEY', mode: 0o600 }),
        secretEnvFile('env', { A: 'case/token', B: 'case/odd' }),
        secretJson('json', { a: 'case/token', 'b"': 'case/odd' }),
      ]
      const json = JSON.stringify({ a: token, 'b"': `it's "odd" $HOME` })
      assert.equal((await output(runner.run(sh(script), { secrets }))).trim(), String(json.length))
    },
  ),
  secretCase('its file lies in memory, for its user alone', async ({ runner }) => {
    const script = `stat -c %a "$ANYON_SECRETS_DIR" "$ANYON_SECRETS_DIR/token"
      best=; while read -r _ at type _; do
        case "$ANYON_SECRETS_DIR/" in "$at"/*) test \${#at} -gt \${#best} && best=$at kind=$type;; esac
      done < /proc/mounts; echo $kind`
    assert.equal(await output(runner.run(sh(script), { secrets: [use] })), '700\n400\ntmpfs\n')
  }),
  secretCase('it is gone when the command has ended, and exit and events say so', async (scene) => {
    const result = await scene.runner.run(sh(`${tell} exit 3`), { secrets: [use] })
    assert.equal(result.exit.code, 3)
    assert.deepEqual(result.exit.secrets, { verified: true })
    assert(!(await isThere(scene, result.stdout.trim())))
    const runId = scene.events[0]?.runId
    assert.deepEqual(scene.events, [
      { type: 'delivered', runId, secrets: ['case/token'] },
      { type: 'destroyed', runId, secrets: ['case/token'], verified: true },
    ])
  }),
  ...(['killed', 'aborted', 'timeout'] as const).map((reason) =>
    secretCase(`it is gone when the command is ${reason}`, async (scene) => {
      const abort = new AbortController()
      const command = scene.runner.spawn(sh(`trap '' TERM; ${tell} while :; do sleep 1; done`), {
        secrets: [use],
        graceMs: 50,
        signal: abort.signal,
        ...(reason === 'timeout' && { timeoutMs: 1000 }),
      })
      const folder = await firstLine(command)
      if (reason === 'killed') await command.kill()
      if (reason === 'aborted') abort.abort()
      const exit = await command.exit
      assert.equal(exit.reason, reason)
      assert.deepEqual(exit.secrets, { verified: true })
      assert(!(await isThere(scene, folder)))
    }),
  ),
  secretCase('it is gone when the program does not exist', async ({ runner, events }) => {
    const command = runner.spawn(['no-such-program'], { secrets: [use] })
    assert.equal((await command.exit).reason, 'spawnFailed')
    assert.deepEqual(
      events.map(({ type }) => type),
      ['destroyed'],
    )
  }),
  secretCase('what it left behind is killed with it', async ({ runner }) => {
    const { exit } = await runner.run(sh(`(sleep 600 < "$ANYON_SECRETS_DIR/token" &)`), { secrets: [use] })
    assert.deepEqual([exit.secrets, exit.descendants?.killed], [{ verified: true }, 1])
  }),
  secretCase('it is masked in both outputs, plain and encoded, however it is cut', async ({ runner }) => {
    const script = `t=$(cat "$ANYON_SECRETS_DIR/token"); echo "<$t>"; printf "$t" | base64; echo "error: $t" >&2
      printf "%.9s" "$t"; sleep 0.2; printf "%s" "\${t#?????????}" ; echo "> after"`
    const { stdout, stderr } = await runner.run(sh(script), { secrets: [use] })
    const shown = '[secret case/token]'
    assert(stdout.startsWith(`<${shown}>\n${shown}`), stdout)
    assert(stdout.endsWith('> after\n') && !stdout.includes(token.slice(-12)), stdout)
    assert.equal(stderr, `error: ${shown}\n`)
  }),
  secretCase('what is no secret comes unchanged, a prompt without a newline too', async ({ runner }) => {
    const command = runner.spawn(sh(`printf 'Pass sesame'; read x; seq 100000; echo "$x"`), {
      secrets: [use],
      stdin: 'pipe',
    })
    let text = ''
    for await (const bytes of command.stdout) {
      text += String(bytes)
      if (text === 'Pass sesame') command.stdin.end('done\n')
    }
    const numbers = Array.from({ length: 100_000 }, (_, index) => `${index + 1}\n`).join('')
    assert.equal(text, `Pass sesame${numbers}done\n`)
  }),
  secretCase('output flows on where nearly all of it is masked', async ({ runner }) => {
    const script = `t=$(cat "$ANYON_SECRETS_DIR/token"); yes "$t" | head -n 200000`
    const { stdout } = await runner.run(sh(script), { secrets: [use] })
    // Where it pauses within one, less than half of that stands before its mask.
    assert.equal(stdout.split('[secret case/token]\n').length - 1, 200_000)
    assert(!stdout.includes(token.slice(0, 12)))
  }),
  secretCase('runs at once have each their own', async ({ runner, store }) => {
    const names = Array.from({ length: 10 }, (_, n) => `case/own-${n}`)
    for (const name of names) store.set(name, `value of ${name}`)
    const script = `cat "$ANYON_SECRETS_DIR/own" | wc -c; ls "$ANYON_SECRETS_DIR/.." 2>/dev/null | wc -l; ls "$ANYON_SECRETS_DIR"`
    const results = await Promise.all(
      names.map((name) => output(runner.run(sh(script), { secrets: [secretFile('own', name)] }))),
    )
    for (const [n, text] of results.entries()) {
      const [size, , ...files] = text.trim().split(/\s+/)
      assert.deepEqual([size, files], [String(`value of case/own-${n}`.length), ['own']])
    }
  }),
  secretCase(
    'one is rotated under the running command, and both values are masked',
    async ({ runner, store, events }) => {
      const script = `cat "$ANYON_SECRETS_DIR/token"; echo; read x; cat "$ANYON_SECRETS_DIR/token" "$ANYON_SECRETS_DIR/json"`
      const secrets = [use, secretJson('json', { token: 'case/token' })]
      const command = runner.spawn(sh(script), { secrets, stdin: 'pipe' })
      assert.equal(await firstLine(command), '[secret case/token]')
      store.set('case/token', 'another-sesame')
      await command.rotateSecret('case/token')
      command.stdin.end('\n')
      assert.equal(await command.text(), '[secret case/token]{"token":"[secret case/token]"}')
      assert.deepEqual((await command.exit).secrets, { verified: true })
      assert.deepEqual(
        events.map(({ type }) => type),
        ['delivered', 'rotated', 'destroyed'],
      )
      await assert.rejects(command.rotateSecret('case/token'), { code: 'SECRET_DELIVERY_FAILED' })
    },
  ),
  secretCase('one of the environment alone, or of another run, cannot be rotated', async ({ runner }) => {
    await using command = runner.spawn(sh('sleep 600'), { secrets: [secretEnv('TOKEN', 'case/token')] })
    await command.started
    await assert.rejects(command.rotateSecret('case/token'), { code: 'NOT_SUPPORTED' })
    await assert.rejects(command.rotateSecret('case/other'), { code: 'INVALID_OPTION' })
  }),
  secretCase(
    'one that expires goes while the command runs, and an event says so',
    async ({ runner, store, events }) => {
      store.set('case/brief', 'brief-value', 1500)
      const script = `cd "$ANYON_SECRETS_DIR"; ls; while test -e brief; do sleep 0.05; done; ls`
      const { stdout, exit } = await runner.run(sh(script), {
        secrets: [use, secretFile('brief', 'case/brief')],
      })
      assert.equal(stdout, 'brief\ntoken\ntoken\n')
      assert.deepEqual(exit.secrets, { verified: true })
      assert.deepEqual(events.map(({ type, secrets }) => [type, ...secrets])[1], ['expired', 'case/brief'])
    },
  ),
  secretCase('one that has expired is refused', async (scene) => {
    scene.store.set('case/token', token, -1)
    await fails(scene, 'SECRET_EXPIRED', [use], 'case/token')
    assert.equal(scene.events.map(({ type }) => type).join(), 'expired')
  }),
  secretCase('one that the store does not have is refused', (scene) =>
    fails(scene, 'SECRET_NOT_FOUND', [secretFile('x', 'case/unknown')], 'case/unknown'),
  ),
  secretCase('a store that throws fails the command alone', async (scene) => {
    scene.store.get = () => Promise.reject(new Error(`no ${token}`))
    const command = scene.runner.spawn(sh('echo ran'), { secrets: [use] })
    await assert.rejects(command.started, { code: 'SECRET_STORE_FAILED' })
    const exit = await command.exit
    assert(
      !JSON.stringify(exit).includes(token) && exit.explanation?.includes('case/token'),
      exit.explanation,
    )
  }),
  secretCase('a store that gives nothing, or another secret, fails the command alone', async (scene) => {
    for (const given of [undefined as never, new Secret('case/another', token)]) {
      scene.store.get = () => Promise.resolve(given)
      await fails(scene, 'SECRET_STORE_FAILED', [use], 'case/token')
    }
  }),
  secretCase('a store that hangs holds up no kill', async ({ runner, store }) => {
    store.get = () => new Promise(() => {})
    const command = runner.spawn(sh('echo ran'), { secrets: [use] })
    assert.deepEqual(await command.kill(), { killed: 0, survivors: [], verified: true })
    assert.equal((await command.exit).reason, 'killed')
  }),
  secretCase('a value that its way cannot carry is refused', async (scene) => {
    scene.store.set('case/nul', `nul\0${token}`)
    scene.store.set('case/lines', `two\nlines ${token}`)
    await fails(scene, 'SECRET_INVALID', [secretEnv('TOKEN', 'case/nul')], 'case/nul')
    await fails(scene, 'SECRET_INVALID', [secretEnvFile('env', { TOKEN: 'case/lines' })], 'case/lines')
    await fails(scene, 'SECRET_INVALID', [secretJson('json', { token: 'case/nul' })], 'case/nul')
  }),
  secretCase('one that is too short to be masked, or too large, is refused', async (scene) => {
    scene.store.set('case/short', 'short')
    scene.store.set('case/large', token.repeat(3000))
    await fails(scene, 'SECRET_INVALID', [secretFile('x', 'case/short')], 'case/short')
    await fails(scene, 'SECRET_INVALID', [secretFile('x', 'case/large')], 'case/large')
    scene.store.set('case/huge', token.repeat(6000))
    await fails(scene, 'SECRET_INVALID', [secretEnv('TOKEN', 'case/huge')], 'case/huge')
    scene.store.set('case/part', token.repeat(2900))
    const files = (length: number, name: string) => Array.from({ length }, (_, n) => secretFile(`${n}`, name))
    await fails(scene, 'SECRET_INVALID', files(9, 'case/part'), 'case/part')
    await fails(scene, 'INVALID_OPTION', files(64, 'case/token'), 'fewer than 64 files')
  }),
  secretCase('what contradicts itself is refused before anything is asked', async ({ runner, store }) => {
    store.get = () => assert.fail('the store was asked')
    const refused = (secrets: unknown, more: object = {}) =>
      assert.throws(() => runner.spawn(['true'], { secrets: secrets as SecretUse[], ...more }), {
        code: 'INVALID_OPTION',
      })
    refused([use, use])
    refused([secretEnv('TOKEN', 'a'), secretEnv('TOKEN', 'b')])
    refused([secretEnv('TOKEN', 'a')], { env: { TOKEN: 'x' } })
    refused([use], { env: { ANYON_SECRETS_DIR: 'x' } })
    refused([use], { descendants: 'keep' })
    refused(['token'])
    for (const name of ['a/b', '..', '.', '', 'a\0b', 'x'.repeat(129)]) {
      assert.throws(() => secretFile(name, 'a'), { code: 'INVALID_OPTION' })
    }
  }),
]
