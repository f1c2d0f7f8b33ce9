import { invalidOption } from '../errors/invalid-option.js'
import { checkSecretName } from '../model/secret.js'
import type { SecretUse } from '../model/secret-use.js'

/** How Claude Code gets its credential; see {@link claudeCredential}. */
export type ClaudeCredentialKind = 'auto' | 'token' | 'apiKey' | 'configDir'

/** What {@link claudeCredential} is given. */
export interface ClaudeCredentialOptions {
  /** Name of the secret in the store. */
  readonly secret: string
  /**
   * - `'token'`: as `CLAUDE_CODE_OAUTH_TOKEN`.
   * - `'apiKey'`: as `ANTHROPIC_API_KEY`.
   * - `'configDir'`: as `.credentials.json` in a configuration folder in memory, with `CLAUDE_CONFIG_DIR` (and
   *   `CLAUDE_CONFIG_PATH`) set. The secret is the whole of that file, or a token.
   * - `'auto'` (default): an API key where the value begins with `sk-ant-api`, else a token.
   */
  readonly as?: ClaudeCredentialKind
}

/**
 * The credential of Claude Code.
 *
 * @throws `INVALID_OPTION`
 */
export function claudeCredential({ secret, as = 'auto' }: ClaudeCredentialOptions): SecretUse {
  checkSecretName(secret, 'secret')
  const pieces = [{ secret, as: 'line' }] as const
  const token = { name: 'CLAUDE_CODE_OAUTH_TOKEN', pieces }
  const apiKey = { name: 'ANTHROPIC_API_KEY', pieces }
  const isKey = { secret, startsWith: 'sk-ant-api' }
  switch (as) {
    case 'token':
      return { env: [token] }
    case 'apiKey':
      return { env: [apiKey] }
    case 'auto':
      return {
        env: [
          { ...apiKey, when: isKey },
          { ...token, when: { ...isKey, not: true } },
        ],
      }
    case 'configDir':
      return configFolder(secret)
    default:
      throw invalidOption('as', "must be 'auto', 'token', 'apiKey' or 'configDir'", as)
  }
}

function configFolder(secret: string): SecretUse {
  const whole = { secret, startsWith: '{' }
  const file = {
    name: '.credentials.json',
    mode: 0o600,
    folderVariables: ['CLAUDE_CONFIG_DIR', 'CLAUDE_CONFIG_PATH'],
  }
  const before = '{"claudeAiOauth":{"accessToken":'
  const after = `,"refreshToken":null,"expiresAt":${Date.UTC(2100, 0)},"scopes":["user:inference"]}}`
  return {
    files: [
      { ...file, pieces: [{ secret, as: 'bytes' }], when: whole },
      { ...file, pieces: [before, { secret, as: 'json' }, after], when: { ...whole, not: true } },
    ],
  }
}
