import { randomBytes } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import { DockerRunner } from '../../src/runners/docker-runner.js'
import { claudeCredential } from '../../src/secrets/claude-credential.js'
import { MemorySecretStore } from '../../src/secrets/memory-secret-store.js'
import { CLAUDE_IMAGE } from '../support/engine.js'
import { testContainer, testHarness } from '../support/harness.js'
import { serveScriptedApi } from '../support/scripted-api.js'

/** Claude Code is a large program, and starts slowly on a busy machine. */
const limits = { timeout: 120_000 }

test.each([
  ['auto', 'sk-ant-api03-'],
  ['auto', 'sk-ant-oat01-'],
  ['configDir', 'sk-ant-oat01-'],
] as const)(
  'Claude Code shows exactly the token that it is given as %s, one of %s',
  limits,
  async (as, prefix) => {
    const harness = await testHarness()
    const container = await testContainer(harness, {
      image: CLAUDE_IMAGE,
      init: 'supervisor',
      network: 'bridge',
      extraHosts: ['host.docker.internal:host-gateway'],
    })
    await container.start()
    const token = `${prefix}${randomBytes(24).toString('hex')}`
    const secretStore = new MemorySecretStore({ 'claude/ann': token })
    const runner = new DockerRunner({ harness, container, secretStore })
    onTestFinished(() => runner.close())
    const hosts = await runner.run(['getent', 'ahostsv4', 'host.docker.internal'])
    const script = { command: 'env; cat "$ANYON_SECRETS_DIR"/.c* /nowhere', closing: 'Done.' }
    const api = await serveScriptedApi(script, hosts.stdout.split(/\s/)[0] ?? '')
    onTestFinished(() => api.close())

    const claude = [
      'claude',
      '-p',
      '--output-format',
      'stream-json',
      '--verbose',
      '--dangerously-skip-permissions',
    ]
    const { exit, stdout, stderr } = await runner.run(claude, {
      stdin: 'Look around.',
      cwd: '/workspace',
      secrets: [claudeCredential({ secret: 'claude/ann', as })],
      timeoutMs: 90_000,
      env: {
        ANTHROPIC_BASE_URL: `http://host.docker.internal:${api.port}`,
        CLAUDE_CODE_MAX_RETRIES: '1',
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      },
    })
    expect([exit.code, stderr]).toEqual([0, ''])
    expect([...api.tokens]).toEqual([token])
    expect(stdout).not.toContain(token)
    if (as === 'configDir') {
      expect(stdout).toMatch(/CLAUDE_CONFIG_DIR=\/tmp\/secrets\/[0-9a-f]{16}\\n/)
      expect(stdout).toMatch(/CLAUDE_CONFIG_PATH=\/tmp\/secrets\/[0-9a-f]{16}\\n/)
    }
    expect(exit.secrets).toEqual({ verified: true })
  },
)
