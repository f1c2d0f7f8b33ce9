import { randomBytes } from 'node:crypto'
import type { SecretUse } from '../../src/model/secret-use.js'
import { claudeCredential } from '../../src/secrets/claude-credential.js'
import { gitCredential } from '../../src/secrets/git-credential.js'
import { secretEnv, secretEnvFile, secretFile, secretJson } from '../../src/secrets/secret-uses.js'
import { formsOf } from '../../src/streaming/redact-forms.js'

/** Each way in which a secret comes to a command. */
export const deliveries = ['env', 'file', 'env-file', 'json', 'git', 'claude', 'claude-config'] as const

/** One secret for each. */
export const sentinelUses: readonly SecretUse[] = [
  secretEnv('TOKEN', 'env'),
  secretFile('file', 'file'),
  secretEnvFile('env', { A: 'env-file' }),
  secretJson('json', { a: 'json' }),
  gitCredential({ host: 'git.example', secret: 'git' }),
  claudeCredential({ secret: 'claude' }),
  claudeCredential({ secret: 'claude-config', as: 'configDir' }),
]

/** Prints all of them, in two encodings, says `up`, and waits for the end of its stdin or of the world. */
export const sentinelScript = `env; ulimit -c; cd "$ANYON_SECRETS_DIR"
  for f in * .[a-z]*; do cat "$f"; base64 "$f"; done 2>&1; echo; echo up; cat; `

/** Values unlike anything else there is, which every encoding spells in a way of its own. */
export function makeSentinels(): Record<string, string> {
  return Object.fromEntries(
    deliveries.map((name) => [name, `s3ntinel/"${name}"+${randomBytes(12).toString('hex')}`]),
  )
}

/** The names of those whose value lies in these bytes, in whatever spelling. */
export function sentinelsIn(sentinels: Readonly<Record<string, string>>, bytes: Buffer): string[] {
  return Object.entries(sentinels)
    .filter(([, value]) => formsOf(Buffer.from(value)).some((form) => bytes.includes(form)))
    .map(([name]) => name)
}
