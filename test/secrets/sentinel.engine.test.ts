import { execFile, execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify, inspect } from 'node:util'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { SecretEvent } from '../../src/events/secret-events.js'
import type { Container } from '../../src/harness/container.js'
import { DockerHarness } from '../../src/harness/docker-harness.js'
import { MemoryMessageStore } from '../../src/messages/memory-message-store.js'
import { DockerRunner } from '../../src/runners/docker-runner.js'
import { claudeCredential } from '../../src/secrets/claude-credential.js'
import { gitCredential } from '../../src/secrets/git-credential.js'
import { MemorySecretStore } from '../../src/secrets/memory-secret-store.js'
import { secretEnv, secretEnvFile, secretFile, secretJson } from '../../src/secrets/secret-uses.js'
import { formsOf } from '../../src/streaming/redact-forms.js'
import { BUSYBOX_IMAGE, engineRequest, testEndpoint, testLabels } from '../support/engine.js'

const names = ['env', 'file', 'env-file', 'json', 'git', 'claude'] as const
const values = Object.fromEntries(
  names.map((name) => [name, `s3ntinel-${name}-${randomBytes(12).toString('hex')}`]),
)
/** Each in every spelling. */
const forms = Object.values(values).flatMap((value) => formsOf(Buffer.from(value)))

let harness: DockerHarness
let container: Container
let folder: string
const seen: unknown[] = []
const stop = new AbortController()
let recorded: Promise<void>

beforeAll(async () => {
  harness = await DockerHarness.connect({ host: testEndpoint() })
  const events = harness.events({ signal: stop.signal })
  recorded = (async () => {
    for await (const event of events) seen.push(event)
  })().catch(() => undefined)
  container = await harness.create({
    image: BUSYBOX_IMAGE,
    init: 'supervisor',
    user: '1000',
    labels: testLabels(),
  })
  await container.start()
  folder = mkdtempSync(join(tmpdir(), 'sentinel-'))
})
afterAll(async () => {
  stop.abort()
  await recorded
  await container?.[Symbol.asyncDispose]()
  await harness?.close()
  rmSync(folder, { recursive: true })
})

const secrets = [
  secretEnv('TOKEN', 'env'),
  secretFile('file', 'file'),
  secretEnvFile('env', { A: 'env-file' }),
  secretJson('json', { a: 'json' }),
  gitCredential({ host: 'git.example', secret: 'git' }),
  claudeCredential({ secret: 'claude' }),
]
/** Prints all of it, in two encodings, and waits. */
const script =
  'env; cd "$ANYON_SECRETS_DIR"; for f in * .[a-z]*; do cat "$f"; base64 "$f"; done 2>&1; echo up; '

function expectNone(what: string, bytes: Uint8Array): void {
  const text = Buffer.from(bytes)
  for (const form of forms) expect(text.includes(form), `${String(form)} is in ${what}`).toBe(false)
}

const get = async (path: string) => Buffer.from(JSON.stringify((await engineRequest('GET', path)).body))

async function lookWhileItRuns(): Promise<void> {
  const inspection = (await engineRequest('GET', `/containers/${container.id}/json`)).body as {
    ExecIDs: string[] | null
  }
  expectNone('inspect', Buffer.from(JSON.stringify(inspection)))
  for (const id of inspection.ExecIDs ?? []) expectNone('exec inspect', await get(`/exec/${id}/json`))
  expectNone('top', await get(`/containers/${container.id}/top?ps_args=aux`))
  const lines = execFileSync('sh', ['-c', 'cat /proc/[0-9]*/cmdline 2>/dev/null; :'], { maxBuffer: 2 ** 26 })
  expectNone('the command lines of this machine', lines)
}

async function lookAfterwards(): Promise<void> {
  expectNone('logs', await get(`/containers/${container.id}/logs?stdout=1&stderr=1`))
  expectNone('export', await buffer(await harness.engine.getArchive(container.id, '/')))
  const changes = (await get(`/containers/${container.id}/changes`)).toString()
  expect(changes).not.toMatch(/secrets\/|anyon-secrets/)
}

test(
  'no secret is found anywhere but with the command it is for, however that ends',
  { timeout: 120_000 },
  async () => {
    const events: SecretEvent[] = []
    const messages = new MemoryMessageStore()
    const store = new MemorySecretStore(values)
    const shown: unknown[] = []
    for (const ending of ['success', 'kill', 'timeout', 'lost'] as const) {
      const runner = new DockerRunner({
        harness,
        container,
        secretStore: store,
        onSecrets: (event) => events.push(event),
        orphanGraceMs: 500,
      })
      const wait = ending === 'success' ? 'sleep 1' : 'sleep 600'
      const command = runner.spawn(['sh', '-c', script + wait], {
        secrets,
        graceMs: 50,
        ...(ending === 'timeout' && { timeoutMs: 3000 }),
      })
      const recording = command.recordTo(messages)
      await command.waitForLog(/^up$/)
      await lookWhileItRuns()
      if (ending === 'kill') await command.kill()
      if (ending === 'lost') await runner.close()
      const exit = await command.exit
      expect(exit.secrets, ending).toEqual({ verified: true })
      await recording.finished
      shown.push(exit, await command.text('stdout'), await command.text('stderr'))
      for await (const message of messages.read(command.id, { from: 1 })) {
        if (message.type === 'output') shown.push(Buffer.from(message.bytes).toString())
      }
      await runner.close()
    }
    await lookAfterwards()
    const text = inspect(shown, { depth: 12, maxStringLength: null, maxArrayLength: null })
    for (const name of names) expect(text).toContain(`[secret ${name}]`)
    expectNone(
      'our results, events and messages',
      Buffer.from(
        inspect([shown, events, messages], { depth: 12, maxStringLength: null, maxArrayLength: null }),
      ),
    )
    expectNone('the events of the engine', Buffer.from(inspect(seen, { depth: 12 })))
    const temporary = execFileSync('sh', [
      '-c',
      `grep -rlaF -e s3ntinel- /tmp/anyon* /var/tmp 2>/dev/null; :`,
    ])
    expect(temporary.toString()).toBe('')
  },
)

test('check-secrets finds nothing, and finds what is left', { timeout: 60_000 }, async () => {
  const list = join(folder, 'values')
  writeFileSync(list, Object.values(values).join('\n') + '\n')
  const check = () =>
    promisify(execFile)('docker/check-secrets', [container.id, list], {
      env: { ...process.env, DOCKER_HOST: testEndpoint() },
    })
  expect((await check()).stdout).toContain('nothing was found')
  await using runner = new DockerRunner({ harness, container, user: '0' })
  await runner.run(['mkdir', '/tmp/secrets/0123456789abcdef'], { check: true })
  await expect(check()).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('0123456789abcdef') as string,
  })
  await runner.run(['rmdir', '/tmp/secrets/0123456789abcdef'], { check: true })
  await runner.run(['sh', '-c', 'cat > /left-behind'], { stdin: values['file'] ?? '', check: true })
  await expect(check()).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('docker export') as string,
  })
})
