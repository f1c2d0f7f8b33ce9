import { crypto } from '../../internal/builtins.js'
import { protocolError } from '../../supervisor/protocol-error.js'

/**
 * What a detached command's supervisor keeps for those who attach: which secrets it was given, and so much of each one's
 * digest, under a key of the command's own, as tells another value, and nobody what the value is.
 */
export interface SecretNote {
  readonly key: string
  readonly secrets: Readonly<Record<string, string>>
  /** The secrets that each file holds. */
  readonly files: readonly (readonly string[])[]
}

/** As it is sent, files by the places of their secrets' names, so that it stays short. */
interface SentNote extends Omit<SecretNote, 'files'> {
  readonly files?: readonly (readonly number[])[]
}

export function writeNote(values: ReadonlyMap<string, Buffer>, files: SecretNote['files']): Buffer {
  const key = crypto().randomBytes(16).toString('hex')
  const secrets = Object.fromEntries(Array.from(values, ([name, value]) => [name, printOf(key, value)]))
  const names = Object.keys(secrets)
  const places = files.map((held) => held.map((name) => names.indexOf(name)))
  return Buffer.from(JSON.stringify({ key, secrets, files: places } satisfies SentNote))
}

export function readNote(bytes: Buffer): SecretNote {
  try {
    const { key, secrets, files = [] } = JSON.parse(bytes.toString()) as SentNote
    const names = Object.keys(secrets)
    const held = files.map((places) => places.flatMap((place) => names[place] ?? []))
    if (typeof key === 'string') return { key, secrets, files: held }
  } catch {
    // As any other that we did not write.
  }
  throw protocolError('a note that does not say which secrets a command has')
}

/** The secrets in the files of which there are bits. */
export function heldIn(files: SecretNote['files'], bits: bigint): readonly string[] {
  return [...new Set(files.filter((_, index) => (bits >> BigInt(index)) & 1n).flat())]
}

/** Whether the value is the one that the command was given. */
export function isNoted({ key, secrets }: SecretNote, name: string, value: Buffer): boolean {
  return secrets[name] === printOf(key, value)
}

/** 32 bits: too few to confirm a guess by. */
function printOf(key: string, value: Buffer): string {
  return crypto().createHmac('sha256', key).update(value).digest('hex').slice(0, 8)
}
