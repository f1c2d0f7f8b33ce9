import { ContainersError, isContainersError } from '../errors/containers-error.js'
import { invalidOption } from '../errors/invalid-option.js'
import { abortedError } from '../internal/abort.js'
import { onAbort } from '../internal/on-abort.js'
import { checkSecretName, isSecret, type Secret } from '../model/secret.js'
import type { SecretStore } from '../ports/secret-store.js'
import { storeFailed } from './store-error.js'
import { withheldError } from './withheld-error.js'

export interface ReadSecretsOptions {
  readonly signal?: AbortSignal
  /** How long the store may take for all of them together. Default: 10 s. */
  readonly deadlineMs?: number
  /** They are not to be used any more, but to be masked. Default: false. */
  readonly mayBeExpired?: boolean
}

/**
 * Asks the store for each name once, all at a time, and trusts it with nothing: it may throw, hang, or give what is no
 * secret, another secret, or an expired one. All or nothing; on the first failure the store's signal is aborted.
 */
export async function readSecrets(
  store: SecretStore,
  names: Iterable<string>,
  { signal, deadlineMs = 10_000, mayBeExpired = false }: ReadSecretsOptions = {},
): Promise<ReadonlyMap<string, Secret>> {
  if (!(deadlineMs > 0 && deadlineMs <= 0x7fffffff)) {
    throw invalidOption('deadlineMs', 'must be from 1 to 2147483647 ms', deadlineMs)
  }
  const waiting = new Set([...names].map((name) => checkSecretName(name)))
  const listed = (): string => [...waiting].map((name) => `"${name}"`).join(', ')
  const ended = new AbortController()
  const failed = new Promise<never>((_, reject) => onAbort(ended.signal, () => reject(ended.signal.reason)))
  failed.catch(() => {}) // all may go well
  const forget = onAbort(signal, () => {
    if (signal !== undefined) ended.abort(abortedError(`Reading the secrets ${listed()}`, signal))
  })
  const timer = setTimeout(() => ended.abort(tooLate(listed(), deadlineMs)), deadlineMs)
  const read = async (name: string): Promise<[string, Secret]> => {
    const secret = await askStore(store, name, ended.signal)
    if (!mayBeExpired) assertUnexpired(secret)
    waiting.delete(name)
    return [name, secret]
  }
  try {
    ended.signal.throwIfAborted()
    return new Map(await Promise.race([failed, Promise.all([...waiting].map(read))]))
  } catch (error) {
    ended.abort(error)
    throw error
  } finally {
    clearTimeout(timer)
    forget()
  }
}

async function askStore(store: SecretStore, name: string, signal: AbortSignal): Promise<Secret> {
  const details = { secret: name }
  const asked = async (): Promise<unknown> => store.get(name, { signal }) // a store may throw before it promises
  const secret = await asked().catch((thrown: unknown) => {
    if (isContainersError(thrown)) throw thrown
    const cause = thrown === undefined ? undefined : withheldError(thrown)
    throw storeFailed(`The secret store failed to give the secret "${name}".`, details, { cause })
  })
  const refuse = (what: string): Error =>
    storeFailed(`The secret store was asked for "${name}" and gave ${what}.`, details, { retryable: false })
  if (!isSecret(secret)) throw refuse(`no Secret (${typeof secret})`)
  if (secret.name !== name) throw refuse(`"${secret.name}"`)
  return secret
}

/** Throws `SECRET_EXPIRED`. */
export function assertUnexpired(secret: Secret): void {
  if (!secret.isExpired()) return
  const { name, expiresAt } = secret
  throw new ContainersError(
    'SECRET_EXPIRED',
    `The secret "${name}" expired at ${expiresAt?.toISOString()}.`,
    {
      details: { secret: name },
    },
  )
}

function tooLate(listed: string, deadlineMs: number): ContainersError {
  const message = `The secret store did not give ${listed} within ${deadlineMs} ms.`
  return new ContainersError('DEADLINE_EXCEEDED', message, { details: { deadlineMs } })
}
