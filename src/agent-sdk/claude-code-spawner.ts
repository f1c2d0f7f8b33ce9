import { basename } from 'node:path'
import type { Command } from '../command/command.js'
import type { SpawnOptions } from '../command/command-options.js'
import type { CommandRunner } from '../command/command-runner.js'
import { claudeProcess, type ClaudeProcess } from './claude-process.js'

/** What the Claude Agent SDK asks its spawner for: its `SpawnOptions`. */
export interface ClaudeSpawnRequest {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd?: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
}

/** Options of {@link claudeCodeSpawner}. */
export interface ClaudeCodeSpawnerOptions extends Pick<
  SpawnOptions,
  'cwd' | 'env' | 'inheritEnv' | 'secrets' | 'user' | 'timeoutMs' | 'idleTimeoutMs' | 'graceMs'
> {
  /** Claude Code where the runner runs it. The SDK's own path is one of this host. Default: `claude`. */
  executable?: string
  /**
   * Names of variables that go along from what the SDK passes, which is all of this host's environment unless
   * `query` was given an `env`. Those that the SDK itself speaks to Claude Code by always do. Default: no others.
   */
  passEnv?: readonly string[]
  /** Told of what Claude Code writes to stderr, as text. */
  onStderr?: (text: string) => void
  /** Told of each command that was started, to record it, say. */
  onCommand?: (command: Command) => void
}

/** By these the SDK tells Claude Code of itself. */
const ownNames = [
  'CLAUDE_AGENT_SDK_VERSION',
  'CLAUDE_CODE_ENABLE_SDK_FILE_CHECKPOINTING',
  'CLAUDE_CODE_ENTRYPOINT',
  'CLAUDE_CODE_QUESTION_PREVIEW_FORMAT',
  'CLAUDE_CODE_SDK_HAS_HOST_AUTH_REFRESH',
  'CLAUDE_CODE_SDK_HAS_OAUTH_REFRESH',
  'CLAUDE_CODE_SDK_READS_SESSION_STATE',
  'CLAUDE_CODE_SDK_READS_STARTUP_MARKS',
]

/**
 * A `spawnClaudeCodeProcess` for `query` of the Claude Agent SDK (`@anthropic-ai/claude-agent-sdk`) that runs Claude
 * Code wherever the runner runs commands. Nothing of this host's environment goes along but what is allowed by name.
 * `query`'s `cwd`, and the `cwd` here which comes before it, are folders there.
 *
 * @example
 * ```ts
 * const spawnClaudeCodeProcess = claudeCodeSpawner(runner, { cwd: '/workspace', passEnv: ['ANTHROPIC_API_KEY'] })
 * for await (const message of query({ prompt, options: { spawnClaudeCodeProcess } })) console.log(message.type)
 * ```
 */
export function claudeCodeSpawner(
  runner: CommandRunner,
  options: ClaudeCodeSpawnerOptions = {},
): (request: ClaudeSpawnRequest) => ClaudeProcess {
  const { executable = 'claude', passEnv = [], env, onStderr, onCommand, ...rest } = options
  return (request) => {
    const command = runner.spawn([executable, ...claudeArguments(request)], {
      ...(request.cwd !== undefined && { cwd: request.cwd }),
      ...rest,
      env: { ...passed(request.env, [...ownNames, ...passEnv]), ...env },
      stdin: 'pipe',
      signal: request.signal,
    })
    onCommand?.(command)
    if (onStderr) command.stderr.setEncoding('utf8').on('data', onStderr)
    return claudeProcess(command)
  }
}

/** Claude Code's own arguments: without the script that an interpreter would be given. */
function claudeArguments({ command, args }: ClaudeSpawnRequest): readonly string[] {
  if (!/^(node|bun|deno)(\.exe)?$/.test(basename(command))) return args
  return args.slice(args.findIndex((argument) => /\.[cm]?[jt]sx?$/.test(argument)) + 1)
}

function passed(env: ClaudeSpawnRequest['env'], names: readonly string[]): Record<string, string> {
  const chosen: Record<string, string> = {}
  for (const name of names) {
    const value = env[name]
    if (value !== undefined) chosen[name] = value
  }
  return chosen
}
