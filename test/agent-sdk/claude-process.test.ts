import { once } from 'node:events'
import { query, type SpawnedProcess, type SpawnOptions } from '@anthropic-ai/claude-agent-sdk'
import { expect, onTestFinished, test } from 'vitest'
import { claudeCodeSpawner, type ClaudeCodeSpawnerOptions } from '../../src/agent-sdk/claude-code-spawner.js'
import type { CommandExit } from '../../src/command/command-exit.js'
import type { Command } from '../../src/command/command.js'
import { HostRunner } from '../../src/runners/host/host-runner.js'

/** Starts a shell script the way the SDK starts Claude Code. */
function start(
  script: string,
  request: Partial<SpawnOptions> = {},
  options: ClaudeCodeSpawnerOptions = {},
): SpawnedProcess {
  const runner = new HostRunner({ cwd: '/' })
  onTestFinished(() => runner.close())
  // The types are the SDK's own: this is what it will do with it.
  const spawn: (options: SpawnOptions) => SpawnedProcess = claudeCodeSpawner(runner, {
    executable: 'sh',
    ...options,
  })
  const { signal } = new AbortController()
  return spawn({ command: '/host/claude', args: ['-c', script], env: {}, signal, ...request })
}

function exitOf(child: SpawnedProcess): Promise<unknown[]> {
  return new Promise((resolve) => child.once('exit', (...args) => resolve(args)))
}

async function text(child: SpawnedProcess): Promise<string> {
  let all = ''
  for await (const chunk of child.stdout) all += String(chunk)
  return all
}

test('passes bytes in and out, and tells of the exit once', async () => {
  const child = start('cat; exit 3')
  const exit = exitOf(child)
  expect([child.exitCode, child.signalCode, child.killed]).toEqual([null, null, false])
  child.stdin.end('hello')
  expect(await text(child)).toBe('hello')
  expect(await exit).toEqual([3, null])
  expect([child.exitCode, child.signalCode, child.killed]).toEqual([3, null, false])
  expect(child.kill('SIGTERM')).toBe(false)
})

test('only what is allowed by name goes along', async () => {
  const env = { SENTINEL: 'secret', ALLOWED: 'yes', CLAUDE_CODE_ENTRYPOINT: 'sdk-ts', PATH: '/nowhere' }
  const child = start('env', { env }, { passEnv: ['ALLOWED', 'MISSING'], env: { ADDED: 'too' } })
  const names = (await text(child)).split('\n').map((line) => line.split('=')[0])
  expect(names).toEqual(expect.arrayContaining(['ALLOWED', 'ADDED', 'CLAUDE_CODE_ENTRYPOINT', 'PATH']))
  expect(names).not.toContain('SENTINEL')
})

test('a script that node would run on this host is left out', async () => {
  const child = start('', {
    command: '/usr/bin/node',
    args: ['--no-warnings', '/host/cli.js', '-c', 'echo in'],
  })
  expect(await text(child)).toBe('in\n')
})

test('takes the folder of the request, and its own before that', async () => {
  expect(await text(start('pwd', { cwd: '/usr' }))).toBe('/usr\n')
  expect(await text(start('pwd', { cwd: '/usr' }, { cwd: '/etc' }))).toBe('/etc\n')
})

test('kills with the signal, and the whole tree', async () => {
  const child = start('sleep 100 & echo ready; wait')
  await once(child.stdout, 'data')
  const exit = exitOf(child)
  expect(child.kill('SIGTERM')).toBe(true)
  expect(child.killed).toBe(true)
  expect(await exit).toEqual([null, 'SIGTERM'])
  expect(child.kill('SIGNOT' as NodeJS.Signals)).toBe(false)
})

test('SIGKILL does not wait', async () => {
  const child = start('trap "" TERM; echo ready; while :; do sleep 1; done', {}, { graceMs: 60_000 })
  await once(child.stdout, 'data')
  const exit = exitOf(child)
  child.kill('SIGKILL')
  expect(await exit).toEqual([null, 'SIGKILL'])
})

test('an abort ends it', async () => {
  const abort = new AbortController()
  const child = start('echo ready; sleep 100', { signal: abort.signal })
  await once(child.stdout, 'data')
  const exit = exitOf(child)
  abort.abort()
  expect(await exit).toEqual([null, 'SIGTERM'])
})

test('what never ran is an error, and then an exit with nothing in it', async () => {
  const child = start('', {}, { executable: '/no/such/claude' })
  const error = new Promise((resolve) => child.once('error', resolve))
  const exit = exitOf(child)
  expect(await error).toMatchObject({ code: 'SPAWN_FAILED' })
  expect(await exit).toEqual([null, null])
})

test('a listener that was taken off hears nothing', async () => {
  const child = start('')
  const heard = () => expect.unreachable()
  child.on('exit', heard)
  child.off('exit', heard)
  expect(await exitOf(child)).toEqual([0, null])
})

test('stderr and the command itself are given out', async () => {
  let stderr = ''
  let exit: Promise<CommandExit> | undefined
  const onCommand = (command: Command) => {
    exit = command.exit
  }
  const child = start('echo oh >&2', {}, { onStderr: (text) => (stderr += text), onCommand })
  await exitOf(child)
  expect(stderr).toBe('oh\n')
  expect((await exit)?.succeeded).toBe(true)
})

test('the SDK tells of a Claude Code that cannot be started', async () => {
  const runner = new HostRunner({ cwd: '/' })
  onTestFinished(() => runner.close())
  const spawnClaudeCodeProcess = claudeCodeSpawner(runner, { executable: '/no/such/claude' })
  const messages = query({
    prompt: 'Hello',
    options: { spawnClaudeCodeProcess, pathToClaudeCodeExecutable: 'claude' },
  })
  await expect(messages.next()).rejects.toThrow('/no/such/claude')
})
