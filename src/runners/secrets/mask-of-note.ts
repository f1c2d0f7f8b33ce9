import { ContainersError } from '../../errors/containers-error.js'
import { invalidOption } from '../../errors/invalid-option.js'
import type { SecretStore } from '../../ports/secret-store.js'
import { readSecrets } from '../../secrets/read-secrets.js'
import { OutputMask } from './output-mask.js'
import { revealValues } from './reveal-secrets.js'
import { isNoted, type SecretNote } from './secret-note.js'

/**
 * The mask for the output of a command that somebody else gave secrets to: their values come from our store, and must be
 * those that the command was given.
 *
 * @throws `INVALID_OPTION`, `SECRET_CHANGED`, `SECRET_NOT_FOUND`, …
 */
export async function maskOfNote(
  id: string,
  note: SecretNote,
  store: SecretStore | undefined,
  signal: AbortSignal,
): Promise<OutputMask> {
  const names = Object.keys(note.secrets)
  if (!store) {
    const rule = `must be given to a runner that reads command ${JSON.stringify(id)}, which has secrets (${names.join(', ')})`
    throw invalidOption('secretStore', rule, undefined, withoutOutput)
  }
  const mask = new OutputMask()
  const secrets = await readSecrets(store, names, { signal, mayBeExpired: true })
  for (const [name, value] of revealValues(names, secrets, mask.patterns)) {
    const isSame = isNoted(note, name, value)
    value.fill(0)
    if (!isSame) throw changed(id, name)
  }
  return mask
}

const withoutOutput = "With output: 'none' it can be attached to without."

function changed(id: string, name: string): ContainersError {
  const message =
    `The store's secret "${name}" is not the one any more that command ${JSON.stringify(id)} was given, so its ` +
    `output cannot be masked. Use a runner whose store gives the former one. ${withoutOutput}`
  return new ContainersError('SECRET_CHANGED', message, { details: { id, secret: name } })
}
