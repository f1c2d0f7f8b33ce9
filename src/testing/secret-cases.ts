import assert from 'node:assert/strict'
import { secretEnv, secretEnvFile, secretFile, secretJson } from '../secrets/secret-uses.js'
import { firstLine, output } from './case-tools.js'
import { secretCase, sh, Store, token, use, type Scene, type SecretCase } from './secret-case.js'
import { secretRefusalCases } from './secret-refusal-cases.js'

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
  {
    name: 'a listener of its events that throws harms nothing',
    async run(open) {
      const secretStore = new Store()
      secretStore.set('case/token', token)
      const onSecrets = () => assert.fail('the listener failed')
      await using runner = open({ secretStore, onSecrets })
      const result = await runner.run(sh('cat "$ANYON_SECRETS_DIR/token"'), { secrets: [use] })
      assert.deepEqual([result.stdout, result.exit.secrets], ['[secret case/token]', { verified: true }])
    },
  },
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
      store.set('case/brief', 'brief-value', 3000)
      const script = `cd "$ANYON_SECRETS_DIR"; ls; while test -e brief; do sleep 0.05; done; ls`
      const { stdout, exit } = await runner.run(sh(script), {
        secrets: [use, secretFile('brief', 'case/brief')],
      })
      assert.equal(stdout, 'brief\ntoken\ntoken\n')
      assert.deepEqual(exit.secrets, { verified: true })
      assert.deepEqual(events.map(({ type, secrets }) => [type, ...secrets])[1], ['expired', 'case/brief'])
    },
  ),
  ...secretRefusalCases,
]
