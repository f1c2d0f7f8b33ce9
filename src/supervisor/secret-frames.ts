import { RecordReader, RecordWriter } from './record.js'

/** A secret's file, as SPAWN and SECRET take it. */
export interface SecretRecord {
  readonly name: string
  readonly mode: number
  readonly bytes: Buffer
  /** Milliseconds since 1970; undefined: never. */
  readonly expiresAt: number | undefined
  readonly variable: string | undefined
  readonly folderVariables: readonly string[]
}

/** Times go as durations: the clock of the place may be another. */
export function encodeSecret(secret: SecretRecord, now = Date.now()): Buffer {
  const record = new RecordWriter().text(1, secret.name).u32(2, secret.mode).bytes(3, secret.bytes)
  if (secret.expiresAt !== undefined) record.u64(4, Math.max(1, secret.expiresAt - now))
  if (secret.variable !== undefined) record.text(5, secret.variable)
  for (const variable of secret.folderVariables) record.text(6, variable)
  return record.finish()
}

/** What is said under a running command. */
export interface SecretAnswer {
  /** To a SECRET: 0 for done. */
  readonly errno: number | undefined
  /** A bit for each file that has just expired. */
  readonly expired: bigint
}

export function decodeSecretAnswer(payload: Buffer): SecretAnswer {
  const record = new RecordReader(payload)
  return { errno: record.u32(1), expired: record.u64(2) ?? 0n }
}

/** What lies in the folders of secrets of a place. */
export interface SecretsSurvey {
  /** Where was looked. */
  readonly looked: readonly string[]
  /** Folders that belong to no command that runs, the first eight of them. */
  readonly left: readonly string[]
  readonly leftCount: number
  /** How many folders belong to commands that run. */
  readonly usedCount: number
}

export function decodeSurvey(payload: Buffer): SecretsSurvey {
  const record = new RecordReader(payload)
  return {
    looked: record.texts(1),
    left: record.texts(2),
    leftCount: record.u32(3) ?? 0,
    usedCount: record.u32(4) ?? 0,
  }
}
