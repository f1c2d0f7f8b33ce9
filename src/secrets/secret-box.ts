import type { KeyObject } from 'node:crypto'
import { crypto } from '../internal/builtins.js'
import { storeFailed } from './store-error.js'

const CIPHER = 'aes-256-gcm'
const MAGIC = Buffer.from('ANYONSEC')
const VERSION = 1
const NONCE_BYTES = 12
const TAG_BYTES = 16
const HEADER_BYTES = MAGIC.length + 1

/** `ANYONSEC`, a version byte, the nonce, the ciphertext, the tag. What precedes the nonce is authenticated too. */
export function seal(plain: Uint8Array, key: KeyObject): Buffer {
  const header = Buffer.concat([MAGIC, Buffer.from([VERSION])])
  // Random: a nonce used twice with one key gives both texts away, and a counter does not survive a restored backup.
  const nonce = crypto().randomBytes(NONCE_BYTES)
  const cipher = crypto().createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(header)
  const body = [cipher.update(plain), cipher.final()]
  return Buffer.concat([header, nonce, ...body, cipher.getAuthTag()])
}

/** Throws `SECRET_STORE_FAILED`, naming the file and what is wrong, and nothing of what is in it. */
export function open(sealed: Buffer, key: KeyObject, path: string): Buffer {
  const refuse = (what: string): Error =>
    storeFailed(`The secret file ${path} ${what}.`, { path }, { retryable: false })
  if (!sealed.subarray(0, MAGIC.length).equals(MAGIC)) throw refuse('is no secret file of this library')
  const version = sealed[MAGIC.length]
  if (version !== undefined && version !== VERSION) {
    throw refuse(`has version ${version} of its format; this library knows ${VERSION}`)
  }
  if (sealed.length < HEADER_BYTES + NONCE_BYTES + TAG_BYTES) throw refuse('is cut off')
  const bodyAt = HEADER_BYTES + NONCE_BYTES
  const decipher = crypto().createDecipheriv(CIPHER, key, sealed.subarray(HEADER_BYTES, bodyAt), {
    authTagLength: TAG_BYTES,
  })
  decipher.setAAD(sealed.subarray(0, HEADER_BYTES))
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(bodyAt, -TAG_BYTES)), decipher.final()])
  } catch {
    throw refuse('does not open: it was made with another key, or was changed or cut off')
  }
}
