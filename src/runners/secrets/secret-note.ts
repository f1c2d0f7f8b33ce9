import { crypto } from '../../internal/builtins.js'
import { protocolError } from '../../supervisor/protocol-error.js'

/**
 * What a detached command's supervisor keeps for those who attach: which secrets it was given, and so much of each one's
 * digest, under a key of the command's own, as tells another value, and nobody what the value is.
 */
export interface SecretNote {
  readonly key: string
  readonly secrets: Readonly<Record<string, string>>
}

export function writeNote(values: ReadonlyMap<string, Buffer>): Buffer {
  const key = crypto().randomBytes(16).toString('hex')
  const secrets = Object.fromEntries(Array.from(values, ([name, value]) => [name, printOf(key, value)]))
  return Buffer.from(JSON.stringify({ key, secrets } satisfies SecretNote))
}

export function readNote(bytes: Buffer): SecretNote {
  try {
    const { key, secrets } = JSON.parse(bytes.toString()) as SecretNote
    if (typeof key === 'string' && typeof secrets === 'object') return { key, secrets }
  } catch {
    // As any other that we did not write.
  }
  throw protocolError('a note that does not say which secrets a command has')
}

/** Whether the value is the one that the command was given. */
export function isNoted({ key, secrets }: SecretNote, name: string, value: Buffer): boolean {
  return secrets[name] === printOf(key, value)
}

/** 32 bits: too few to confirm a guess by. */
function printOf(key: string, value: Buffer): string {
  return crypto().createHmac('sha256', key).update(value).digest('hex').slice(0, 8)
}
