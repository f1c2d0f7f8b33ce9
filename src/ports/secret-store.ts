import type { Secret } from '../model/secret.js'

/**
 * Where the host keeps its secrets. It is asked anew before each run, so what it gives next may differ: that is how a
 * secret is rotated. Check one of your own with `secretStoreCases`.
 */
export interface SecretStore {
  /**
   * Resolves with the secret, carrying the name that was asked for. Rejects with `SECRET_NOT_FOUND` when there is none,
   * and as soon as it can once `signal` is aborted. Its errors never hold a value.
   */
  get(name: string, options?: { readonly signal?: AbortSignal }): Promise<Secret>
}
