import { randomBytes } from 'node:crypto'
import type { SecretUse } from '../../src/model/secret-use.js'
import { claudeCredential } from '../../src/secrets/claude-credential.js'
import { gitCredential } from '../../src/secrets/git-credential.js'
import { secretEnv, secretEnvFile, secretFile, secretJson } from '../../src/secrets/secret-uses.js'

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

/** How many characters at the end of a sentinel are random, and the same in every spelling but base64. */
const randomLength = 24

/** Values unlike anything else there is, which every encoding spells in a way of its own. */
export function makeSentinels(): Record<string, string> {
  return Object.fromEntries(
    deliveries.map((name) => [name, `s3ntinel/"${name}"+${randomBytes(randomLength / 2).toString('hex')}`]),
  )
}

/** The names of those whose value lies in these bytes, in whatever spelling, broken into lines or not. */
export function sentinelsIn(sentinels: Readonly<Record<string, string>>, bytes: Buffer): string[] {
  const unbroken = Buffer.from(bytes.toString('latin1').replace(/[\r\n]+/g, ''), 'latin1')
  return Object.entries(sentinels)
    .filter(([, value]) => {
      const random = value.slice(-randomLength)
      return bytes.includes(random) || inBase64(random).some((text) => unbroken.includes(text))
    })
    .map(([name]) => name)
}

/** Wherever it stands in a longer text: what does not depend on that. Of hexadecimal digits, both alphabets are one. */
function inBase64(text: string): string[] {
  return [0, 1, 2].map((before) => {
    const encoded = Buffer.from('.'.repeat(before) + text).toString('base64')
    return encoded.slice(before + 1, encoded.length - 4)
  })
}
