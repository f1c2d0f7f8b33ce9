import { secretsOf, type SecretUse } from '../../model/secret-use.js'
import type { SecretStore } from '../../ports/secret-store.js'
import { readSecrets } from '../../secrets/read-secrets.js'
import { RedactionPatterns } from '../../streaming/redact-patterns.js'
import { revealSecrets } from './reveal-secrets.js'

/** What a supervisor would put into the environment of a command whose secrets lie in `dir`. */
export async function environmentOf(
  store: SecretStore,
  uses: readonly SecretUse[],
  dir: string,
): Promise<Record<string, string>> {
  const secrets = await readSecrets(store, uses.flatMap(secretsOf))
  const { env, files } = revealSecrets(uses, secrets, { env: {}, patterns: new RedactionPatterns() })
  const all: Record<string, string> = { ANYON_SECRETS_DIR: dir }
  for (const entry of env.map(String))
    all[entry.slice(0, entry.indexOf('='))] = entry.slice(entry.indexOf('=') + 1)
  for (const { name, variable, folderVariables } of files) {
    if (variable !== undefined) all[variable] = `${dir}/${name}`
    for (const folderVariable of folderVariables) all[folderVariable] = dir
  }
  return all
}
