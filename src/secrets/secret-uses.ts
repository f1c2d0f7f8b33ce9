import { invalidOption } from '../errors/invalid-option.js'
import { checkSecretName } from '../model/secret.js'
import type { SecretPiece, SecretUse } from '../model/secret-use.js'

const longestFileName = 128

/**
 * A secret as a variable of the command's environment. Every process of its user in the same container can read it
 * there while the command runs; a file can be read just as well, but is not inherited by whatever the command starts.
 *
 * @throws `INVALID_OPTION`
 */
export function secretEnv(variable: string, secret: string): SecretUse {
  return {
    env: [{ name: checkVariable(variable), pieces: [{ secret: checkSecretName(secret), as: 'text' }] }],
  }
}

/** What {@link secretFile} may be given. */
export interface SecretFileOptions {
  /** Permission bits of the owner alone. Default: `0o400`. */
  readonly mode?: number
  /** A variable that gets the file's path, such as `GOOGLE_APPLICATION_CREDENTIALS`. */
  readonly variable?: string
}

/**
 * A secret as a file in the folder that `ANYON_SECRETS_DIR` names, byte by byte.
 *
 * @throws `INVALID_OPTION`
 */
export function secretFile(name: string, secret: string, options: SecretFileOptions = {}): SecretUse {
  return fileOf(name, [{ secret: checkSecretName(secret), as: 'bytes' }], options)
}

/**
 * Secrets as `NAME='value'` lines of a file that a shell can read.
 *
 * @throws `INVALID_OPTION`
 */
export function secretEnvFile(
  name: string,
  secrets: Readonly<Record<string, string>>,
  options: SecretFileOptions = {},
): SecretUse {
  const pieces = Object.entries(secrets).flatMap(([variable, secret]): SecretPiece[] => [
    `${checkVariable(variable)}=`,
    { secret: checkSecretName(secret), as: 'quoted' },
    '\n',
  ])
  return fileOf(name, pieces, options)
}

/**
 * Secrets as the strings of a JSON object in a file.
 *
 * @throws `INVALID_OPTION`
 */
export function secretJson(
  name: string,
  secrets: Readonly<Record<string, string>>,
  options: SecretFileOptions = {},
): SecretUse {
  const pieces = Object.entries(secrets).flatMap(([key, secret], index): SecretPiece[] => [
    `${index > 0 ? ',' : ''}${JSON.stringify(key)}:`,
    { secret: checkSecretName(secret), as: 'json' },
  ])
  return fileOf(name, ['{', ...pieces, '}'], options)
}

function fileOf(
  name: string,
  pieces: readonly SecretPiece[],
  { mode, variable }: SecretFileOptions,
): SecretUse {
  checkFileName(name)
  if (mode !== undefined && !(Number.isInteger(mode) && (mode & ~0o700) === 0)) {
    throw invalidOption('mode', 'must be permission bits of the owner alone, up to 0o700', mode)
  }
  const rest = {
    ...(mode !== undefined && { mode }),
    ...(variable !== undefined && { variable: checkVariable(variable) }),
  }
  return { files: [{ name, pieces, ...rest }] }
}

function checkFileName(name: unknown): void {
  const bytes = typeof name === 'string' ? Buffer.byteLength(name) : 0
  const fits = bytes >= 1 && bytes <= longestFileName
  if (fits && typeof name === 'string' && !/[/\0]/.test(name) && name !== '.' && name !== '..') return
  throw invalidOption(
    'name',
    `must be the name of a file, of at most ${longestFileName} bytes and without /`,
    name,
  )
}

function checkVariable(variable: unknown): string {
  if (typeof variable === 'string' && /^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(variable)) return variable
  throw invalidOption('variable', 'must be a name of letters, digits and _, no digit first', variable)
}
