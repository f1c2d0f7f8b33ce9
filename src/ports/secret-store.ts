import type { Secret } from '../model/secret.js'

/**
 * Where the host keeps its secrets. It is asked anew before each run, so what it gives next may differ: that is how a
 * secret is rotated. Check one of your own with `secretStoreCases`.
 */
export interface SecretStore {
  /**
   * Resolves with the secret, carrying the name that was asked for. Rejects with `SECRET_NOT_FOUND` when there is none,
   * and as soon as it can once `signal` is aborted. Its `ContainersError`s never hold a value. What else it throws
   * becomes the cause of a `SECRET_STORE_FAILED`, without its words, which may quote one: they are in `cause.thrown`,
   * a property that no print of the error shows.
   */
  get(name: string, options?: { readonly signal?: AbortSignal }): Promise<Secret>
}
