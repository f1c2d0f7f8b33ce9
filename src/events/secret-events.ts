import type { SecretsEnd } from '../model/secrets-end.js'

/** What became of the secrets that a command was given: their names, never a value. */
export type SecretEvent =
  | { readonly type: 'delivered'; readonly runId: string; readonly secrets: readonly string[] }
  | ({ readonly type: 'destroyed'; readonly runId: string; readonly secrets: readonly string[] } & SecretsEnd)
  /** Their time had come: destroyed while the command runs, or before it, which is then not started. */
  | { readonly type: 'expired'; readonly runId: string; readonly secrets: readonly string[] }
  | { readonly type: 'rotated'; readonly runId: string; readonly secrets: readonly string[] }

/** Every event of a `SecretInjector`, with its payload. */
export type SecretEvents = {
  [Type in SecretEvent['type']]: Omit<Extract<SecretEvent, { type: Type }>, 'type'>
}
