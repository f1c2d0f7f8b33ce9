import { isUtf8 } from 'node:buffer'
import { invalidOption } from '../../errors/invalid-option.js'
import { secretInvalid } from '../../model/secret-error.js'
import { longestTextBytes } from '../../model/kernel-limits.js'
import type { Secret } from '../../model/secret.js'
import { secretsOf, type SecretCondition, type SecretPiece, type SecretUse } from '../../model/secret-use.js'
import type { RedactionPatterns } from '../../streaming/redact-patterns.js'
import type { SecretRecord } from '../../supervisor/secret-frames.js'
import { writeNote } from './secret-note.js'

const longestFileBytes = 64 * 1024
const mostBytes = 512 * 1024
const mostFiles = 64

/** What a command is given, revealed. */
export interface RevealedSecrets {
  /** `NAME=value` */
  readonly env: readonly Buffer[]
  readonly files: readonly SecretRecord[]
  /** The secrets that each file holds. */
  readonly holds: readonly (readonly string[])[]
  /** For whoever attaches to the command; where that was asked for. */
  readonly note: Buffer | undefined
}

/** Values, here and nowhere else, which `patterns` looks for from now on. They are to be overwritten. */
export function revealValues(
  names: Iterable<string>,
  secrets: ReadonlyMap<string, Secret>,
  patterns: RedactionPatterns,
): Map<string, Buffer> {
  const values = new Map<string, Buffer>()
  for (const name of names) {
    const value = secrets.get(name)?.reveal() ?? Buffer.alloc(0)
    patterns.add(name, value)
    values.set(name, value)
  }
  return values
}

/**
 * What a command is given of its secrets, whose values `patterns` looks for from now on.
 *
 * @throws `SECRET_INVALID` for a value that does not go where it is to, or that cannot be masked.
 */
export function revealSecrets(
  uses: readonly SecretUse[],
  secrets: ReadonlyMap<string, Secret>,
  {
    env,
    patterns,
    noted = false,
  }: { env: Readonly<Record<string, string>>; patterns: RedactionPatterns; noted?: boolean },
): RevealedSecrets {
  const values = revealValues(new Set(uses.flatMap(secretsOf)), secrets, patterns)
  const applies = ({ when }: { when?: SecretCondition }): boolean => !when || meets(when, values)
  const variables = uses.flatMap((use) => (use.env ?? []).filter(applies))
  const files = uses.flatMap((use) => (use.files ?? []).filter(applies))
  const holds = files.map(({ pieces }) => namesIn(pieces))
  const revealed: RevealedSecrets = {
    env: [...variables.map(({ name, pieces }) => variableOf(name, pieces, values)), ...gitEntries(uses, env)],
    files: files.map(({ name, mode = 0o400, pieces, variable, folderVariables = [] }) => {
      const lifetimes = namesIn(pieces).flatMap((secret) => secrets.get(secret)?.expiresAt?.getTime() ?? [])
      return {
        name,
        mode,
        bytes: put(pieces, values),
        expiresAt: lifetimes.length === 0 ? undefined : Math.min(...lifetimes),
        variable,
        folderVariables,
      }
    }),
    holds,
    note: noted ? writeNote(values, holds) : undefined,
  }
  checkSizes(revealed)
  for (const value of values.values()) value.fill(0)
  return revealed
}

function namesIn(pieces: readonly SecretPiece[]): string[] {
  return [...new Set(pieces.flatMap((piece) => (typeof piece === 'string' ? [] : piece.secret)))]
}

function meets({ secret, startsWith, not = false }: SecretCondition, values: ReadonlyMap<string, Buffer>) {
  const value = values.get(secret)
  return value?.subarray(0, startsWith.length).equals(Buffer.from(startsWith)) !== not
}

function put(pieces: readonly SecretPiece[], values: ReadonlyMap<string, Buffer>): Buffer {
  return Buffer.concat(
    pieces.map((piece) => {
      if (typeof piece === 'string') return Buffer.from(piece)
      return written(piece, values.get(piece.secret) ?? Buffer.alloc(0))
    }),
  )
}

function variableOf(
  name: string,
  pieces: readonly SecretPiece[],
  values: ReadonlyMap<string, Buffer>,
): Buffer {
  const entry = Buffer.concat([Buffer.from(`${name}=`), put(pieces, values)])
  if (entry.length <= longestTextBytes) return entry
  const most = longestTextBytes - name.length - 1
  throw secretInvalid(
    namesIn(pieces)[0] ?? name,
    `must be at most ${most} bytes long in the variable ${name}`,
  )
}

function written({ secret, as }: Exclude<SecretPiece, string>, value: Buffer): Buffer {
  if (as === 'bytes') return value
  if (!isUtf8(value) || value.includes(0))
    throw secretInvalid(secret, 'must be text without NUL, for this use')
  const text = value.toString()
  if (as === 'text') return value
  if (as === 'json') return Buffer.from(JSON.stringify(text))
  const line = text.replace(/\r?\n$/, '')
  if (/[\r\n]/.test(line)) throw secretInvalid(secret, 'must be a single line, for this use')
  return Buffer.from(as === 'line' ? line : `'${line.replaceAll("'", `'\\''`)}'`)
}

/** Of this command alone, in no file: behind what its own environment has of them. */
function gitEntries(uses: readonly SecretUse[], env: Readonly<Record<string, string>>): Buffer[] {
  const entries = uses.flatMap(({ gitConfig = [] }) => gitConfig)
  if (entries.length === 0) return []
  const first = Number(env['GIT_CONFIG_COUNT'] ?? 0)
  if (!Number.isSafeInteger(first) || first < 0) {
    throw invalidOption('env.GIT_CONFIG_COUNT', 'must be a whole number from 0', env['GIT_CONFIG_COUNT'])
  }
  const variables = entries.flatMap(([key, value], index) => [
    `GIT_CONFIG_KEY_${first + index}=${key}`,
    `GIT_CONFIG_VALUE_${first + index}=${value}`,
  ])
  return [`GIT_CONFIG_COUNT=${first + entries.length}`, ...variables].map((entry) => Buffer.from(entry))
}

function checkSizes({ files, holds }: RevealedSecrets): void {
  let bytes = 0
  for (const [index, file] of files.entries()) {
    bytes += file.bytes.length
    const name = holds[index]?.[0] ?? file.name
    if (file.bytes.length > longestFileBytes) {
      throw secretInvalid(name, `must not make a file of more than ${longestFileBytes} bytes`)
    }
    if (bytes > mostBytes)
      throw secretInvalid(name, `must fit into ${mostBytes} bytes together with the others`)
  }
  if (files.length >= mostFiles)
    throw invalidOption('secrets', `must be fewer than ${mostFiles} files`, files.length)
}
