import { throwIfAborted } from '../internal/abort.js'
import { Secret, type SecretOptions } from '../model/secret.js'
import type { SecretStore } from '../ports/secret-store.js'
import { secretNotFound } from './store-error.js'

/**
 * Secrets in the memory of this process.
 *
 * @example
 * ```ts
 * const secretStore = new MemorySecretStore({ 'github/ann': token })
 * secretStore.set('github/ann', freshToken, { expiresAt: new Date(Date.now() + 3_600_000) })
 * ```
 */
export class MemorySecretStore implements SecretStore {
  readonly #secrets = new Map<string, Secret>()

  /** Throws `INVALID_OPTION` for a name, and `SECRET_INVALID` for a value, that breaks the rules of {@link Secret}. */
  constructor(values: Readonly<Record<string, string | Uint8Array>> = {}) {
    for (const [name, value] of Object.entries(values)) this.set(name, value)
  }

  async get(name: string, options: { readonly signal?: AbortSignal } = {}): Promise<Secret> {
    throwIfAborted(`Reading the secret "${name}"`, options.signal)
    const secret = this.#secrets.get(name)
    if (secret === undefined) throw secretNotFound(name, 'the store')
    return secret
  }

  /** Adds a secret, or replaces the one of that name. Throws as the constructor does. */
  set(name: string, value: string | Uint8Array, options?: SecretOptions): void {
    this.#secrets.set(name, new Secret(name, value, options))
  }

  /** Whether there was one. */
  delete(name: string): boolean {
    return this.#secrets.delete(name)
  }
}
