import { invalidOption } from '../errors/invalid-option.js'
import { secretsOf, type SecretUse } from '../model/secret-use.js'
import type { SpawnOptions } from './command-options.js'

/** What tells a command where its files are, and what only we may set along with git's configuration. */
const ours = 'ANYON_SECRETS_DIR'

/**
 * Checks the uses among each other and against the rest of a spawn call.
 *
 * @throws `INVALID_OPTION`
 */
export function checkSecrets(options: SpawnOptions): readonly SecretUse[] {
  const { secrets = [], env = {}, descendants } = options
  const uses: readonly SecretUse[] = secrets
  if (uses.length === 0) return []
  if (!Array.isArray(secrets) || uses.some((use) => typeof use !== 'object' || use === null)) {
    throw invalidOption(
      'secrets',
      'must be an array of what secretEnv, secretFile and their like make',
      secrets,
    )
  }
  if (descendants === 'keep') {
    const advice = 'What outlived the command would keep them.'
    throw invalidOption('descendants', "must not be 'keep' along with secrets", descendants, advice)
  }
  if (Object.hasOwn(env, ours)) throw invalidOption(`env.${ours}`, 'must be left to the secrets', '<given>')
  const variables = new Map([...Object.keys(env), ours].map((name) => [name, 'env']))
  const files = new Set<string>()
  for (const use of uses) {
    // The alternatives of one use exclude each other.
    for (const name of new Set(variablesOf(use))) claim(variables, name, secretsOf(use).join(', '))
    for (const name of new Set((use.files ?? []).map((file) => file.name))) {
      if (files.has(name)) throw invalidOption('secrets', 'must not be two for the same file', name)
      files.add(name)
    }
  }
  return [...uses]
}

function variablesOf({ env = [], files = [] }: SecretUse): string[] {
  const ofFiles = files.flatMap(({ variable, folderVariables = [] }) =>
    [variable ?? [], folderVariables].flat(),
  )
  return [...env.map(({ name }) => name), ...ofFiles]
}

function claim(variables: Map<string, string>, name: string, by: string): void {
  const before = variables.get(name)
  if (before !== undefined) {
    throw invalidOption('secrets', `must not set a variable that ${before} sets, too`, name)
  }
  variables.set(name, by)
}
