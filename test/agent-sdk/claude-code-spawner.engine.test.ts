import { query, type SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import { expect, onTestFinished, test } from 'vitest'
import { claudeCodeSpawner } from '../../src/agent-sdk/claude-code-spawner.js'
import type { CommandExit } from '../../src/command/command-exit.js'
import { DockerRunner } from '../../src/runners/docker-runner.js'
import { CLAUDE_IMAGE } from '../support/engine.js'
import { testContainer, testHarness } from '../support/harness.js'
import { serveScriptedApi } from '../support/scripted-api.js'

/** Claude Code is a large program, and starts slowly on a busy machine. */
const limits = { timeout: 90_000 }
const sentinel = 'ANYON_TEST_SENTINEL'

/** A container with Claude Code in it, and a Messages API that asks it for one command. */
async function claudeInContainer(command: string) {
  const harness = await testHarness()
  const container = await testContainer(harness, {
    image: CLAUDE_IMAGE,
    init: 'supervisor',
    network: 'bridge',
    extraHosts: ['host.docker.internal:host-gateway'],
  })
  await container.start()
  const runner = new DockerRunner({ harness, container })
  onTestFinished(() => runner.close())
  const hosts = await runner.run(['getent', 'ahostsv4', 'host.docker.internal'])
  const api = await serveScriptedApi({ command, closing: 'Done.' }, hosts.stdout.split(/\s/)[0] ?? '')
  onTestFinished(() => api.close())
  const env = {
    ANTHROPIC_BASE_URL: `http://host.docker.internal:${api.port}`,
    ANTHROPIC_API_KEY: 'scripted',
    CLAUDE_CODE_MAX_RETRIES: '1',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  }
  return { runner, env }
}

test(
  'the Claude Agent SDK drives Claude Code in a container, which knows nothing of this host',
  limits,
  async () => {
    process.env[sentinel] = 'must stay here'
    onTestFinished(() => void delete process.env[sentinel])
    const { runner, env } = await claudeInContainer(
      'env > /workspace/env.txt; hostname > /workspace/host.txt',
    )
    const exits: Promise<CommandExit>[] = []
    const spawnClaudeCodeProcess = claudeCodeSpawner(runner, {
      cwd: '/workspace',
      env,
      onCommand: (command) => exits.push(command.exit),
    })
    const messages: SDKMessage[] = []
    const options = {
      spawnClaudeCodeProcess,
      pathToClaudeCodeExecutable: 'claude',
      permissionMode: 'bypassPermissions' as const,
      allowDangerouslySkipPermissions: true,
    }
    for await (const message of query({ prompt: 'Look around.', options })) messages.push(message)

    expect(messages[0]).toMatchObject({ type: 'system', subtype: 'init', cwd: '/workspace' })
    expect(messages.at(-1)).toMatchObject({ type: 'result', subtype: 'success', result: 'Done.' })
    const seen = (await runner.run(['cat', '/workspace/env.txt'])).stdout
    expect(seen).toContain(`ANTHROPIC_BASE_URL=${env.ANTHROPIC_BASE_URL}`)
    expect(seen).toContain('CLAUDE_CODE_ENTRYPOINT=sdk-ts')
    expect(seen).not.toContain(sentinel)
    const inner = await runner.run(['hostname'])
    expect((await runner.run(['cat', '/workspace/host.txt'])).stdout).toBe(inner.stdout)
    expect(exits).toHaveLength(1)
    expect(await exits[0]).toMatchObject({ reason: 'exited', code: 0 })
  },
)

test('an abort of the query ends Claude Code and what it runs', limits, async () => {
  const { runner, env } = await claudeInContainer('echo started > /workspace/started; sleep 1000')
  const exits: Promise<CommandExit>[] = []
  const abortController = new AbortController()
  const spawnClaudeCodeProcess = claudeCodeSpawner(runner, {
    cwd: '/workspace',
    env,
    onCommand: (command) => exits.push(command.exit),
  })
  const options = {
    spawnClaudeCodeProcess,
    abortController,
    pathToClaudeCodeExecutable: 'claude',
    permissionMode: 'bypassPermissions' as const,
    allowDangerouslySkipPermissions: true,
  }
  const turn = (async () => {
    for await (const message of query({ prompt: 'Wait.', options })) {
      if (message.type === 'assistant') {
        const wait = 'until [ -e /workspace/started ]; do sleep 0.05; done'
        await runner.run(['sh', '-c', wait])
        abortController.abort()
      }
    }
  })()
  await expect(turn).rejects.toThrow(/abort/i)
  expect(exits).toHaveLength(1)
  // It may still end by itself when its stdin ends; what counts is that it ends and how it did is known.
  expect(await exits[0]).toMatchObject({ evidence: 'wait4', descendants: { survivors: [], verified: true } })
  expect((await runner.run(['pgrep', '-f', 'sleep 1000'])).stdout).toBe('')
})
