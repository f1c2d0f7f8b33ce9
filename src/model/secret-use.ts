/**
 * A piece of what a command is given: text as it is, or a secret's value. `bytes`: unchanged. `text`: it must be UTF-8
 * without NUL. `line`: text of one line, of which a line end is left out. `quoted`: a line, in single quotes for a
 * shell. `json`: text, as a JSON string.
 */
export type SecretPiece =
  string | { readonly secret: string; readonly as: 'bytes' | 'text' | 'line' | 'quoted' | 'json' }

/** Whether a part is there: when the secret's value begins with this, or does not. */
export interface SecretCondition {
  readonly secret: string
  readonly startsWith: string
  readonly not?: boolean
}

/** A file in the folder of the command's secrets. */
export interface SecretFilePart {
  readonly name: string
  /** Permission bits of the owner alone. Default: `0o400`. */
  readonly mode?: number
  readonly pieces: readonly SecretPiece[]
  /** A variable that gets the file's path. */
  readonly variable?: string
  /** Variables that get the folder's path. */
  readonly folderVariables?: readonly string[]
  readonly when?: SecretCondition
}

/** A variable of the command's environment. */
export interface SecretEnvPart {
  readonly name: string
  readonly pieces: readonly SecretPiece[]
  readonly when?: SecretCondition
}

/**
 * How a command gets secrets: plain data that names them and holds no value. Made by `secretEnv`, `secretFile`,
 * `secretEnvFile`, `secretJson`, `gitCredential` and `claudeCredential`.
 */
export interface SecretUse {
  readonly env?: readonly SecretEnvPart[]
  readonly files?: readonly SecretFilePart[]
  /** Entries of git's configuration, for this command alone. They hold no secret. */
  readonly gitConfig?: readonly (readonly [key: string, value: string])[]
}

/** The names of the secrets that it needs. */
export function secretsOf({ env = [], files = [] }: SecretUse): string[] {
  const parts = [...env, ...files]
  const pieces = parts.flatMap((part) => part.pieces).filter((piece) => typeof piece !== 'string')
  const conditions = parts.flatMap(({ when }) => when ?? [])
  return [...new Set([...pieces, ...conditions].map(({ secret }) => secret))]
}
