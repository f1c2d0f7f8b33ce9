import { randomBytes } from 'node:crypto'
import type { ClaudeCredentialKind, CommandRunner } from '@anyon/containers'
import { serveScriptedApi } from './scripted-messages-api'

/** Who answers claude's requests, the environment that tells it so, and the token that it is to show. */
export interface Service extends AsyncDisposable {
  readonly description: string
  readonly env: Record<string, string>
  readonly token: string
  readonly as: ClaudeCredentialKind
  /** Whether claude showed that token and no other; undefined where nobody can say. */
  sawToken(): boolean | undefined
}

/** The real service where the environment has a token for it, else a scripted one on this machine. */
export async function chooseService(runner: CommandRunner): Promise<Service> {
  for (const [name, as] of [
    ['ANTHROPIC_API_KEY', 'apiKey'],
    ['CLAUDE_CODE_OAUTH_TOKEN', 'token'],
  ] as const) {
    const token = process.env[name]
    if (!token) continue
    const description = `claude talks to the real service, with the ${name} of your environment.`
    return {
      description,
      env: {},
      token,
      as,
      sawToken: () => undefined,
      [Symbol.asyncDispose]: async () => {},
    }
  }
  const host = 'host.docker.internal'
  const hosts = await runner.run(['getent', 'ahostsv4', host])
  const gateway = hosts.stdout.split(/\s/)[0] ?? ''
  const script = {
    command: 'echo "Hello from inside the container" > hello.txt',
    closing: 'I wrote a greeting into hello.txt.',
  }
  const api = await serveScriptedApi(script, gateway)
  const token = `sk-ant-api03-${randomBytes(16).toString('hex')}`
  return {
    description:
      'Neither ANTHROPIC_API_KEY nor CLAUDE_CODE_OAUTH_TOKEN is set: claude talks to a scripted Messages API\n' +
      'that this example serves. The CLI, its container and its tool call are real; the model is not.',
    env: {
      ANTHROPIC_BASE_URL: `http://${host}:${api.port}`,
      CLAUDE_CODE_MAX_RETRIES: '1',
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    },
    token,
    as: 'apiKey',
    sawToken: () => api.tokens.size === 1 && api.tokens.has(token),
    [Symbol.asyncDispose]: () => api.close(),
  }
}
