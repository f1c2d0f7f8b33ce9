import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ContainersError } from '../../errors/containers-error.js'
import { errnoOf } from './errno.js'
import type { TlsMaterial } from './endpoint.js'

/**
 * Reads `ca.pem`, `cert.pem` and `key.pem` of a folder. All of them must be there, unless `optional`: then what is
 * missing is left out, and a certificate without its key (or the other way) is still an error.
 */
export async function readTlsFolder(
  folder: string,
  origin: string,
  { verify, optional }: { verify: boolean; optional: boolean },
): Promise<TlsMaterial> {
  const read = (name: string) => readPem(join(folder, name), origin, optional)
  const [ca, cert, key] = await Promise.all([read('ca.pem'), read('cert.pem'), read('key.pem')])
  if ((cert === undefined) !== (key === undefined)) {
    const [there, missing] = cert === undefined ? ['key.pem', 'cert.pem'] : ['cert.pem', 'key.pem']
    throw new ContainersError(
      'TLS_INVALID',
      `TLS needs both files of a pair: ${join(folder, there)} is there and ${join(folder, missing)} is not (named by ${origin}).`,
      { details: { path: join(folder, missing), origin } },
    )
  }
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }), verify }
}

async function readPem(path: string, origin: string, optional: boolean): Promise<Buffer | undefined> {
  let bytes: Buffer
  try {
    bytes = await readFile(path)
  } catch (cause) {
    if (optional && errnoOf(cause) === 'ENOENT') return undefined
    throw tlsFileError(path, errnoOf(cause) === 'ENOENT' ? 'does not exist' : 'cannot be read', origin, cause)
  }
  if (!bytes.includes('-----BEGIN ')) throw tlsFileError(path, 'is not a PEM file', origin)
  return bytes
}

function tlsFileError(path: string, problem: string, origin: string, cause?: unknown): ContainersError {
  const code = errnoOf(cause)
  const why = code === undefined || code === 'ENOENT' ? '' : ` (${code})`
  return new ContainersError(
    'TLS_INVALID',
    `The TLS file ${path} ${problem}${why}; ${origin} asks for it. Put it there, or name another folder.`,
    { cause, details: { path, origin } },
  )
}
