import type { KeyObject } from 'node:crypto'
import { ContainersError } from '../errors/containers-error.js'
import { throwIfAborted } from '../internal/abort.js'
import { asyncFiles, crypto } from '../internal/builtins.js'
import { Secret, type SecretOptions } from '../model/secret.js'
import type { SecretStore } from '../ports/secret-store.js'
import { secretNotFound, storeFailed } from './store-error.js'

/** Options of {@link FileSecretStore}. */
export interface FileSecretStoreOptions {
  /** The file; made by the first `set`. Its folder must exist. */
  readonly path: string
  /** 32 bytes, from wherever the host keeps its keys; never stored. Make one with `crypto.randomBytes(32)`. */
  readonly key: Uint8Array
}

interface StoredSecret {
  readonly value: string
  readonly expiresAt?: string
}

const KEY_BYTES = 32

/**
 * Secrets in one file, encrypted and authenticated with AES-256-GCM, mode 0600, replaced as a whole and read at each
 * `get`. One process writes at a time; any number may read.
 *
 * @example
 * ```ts
 * const store = new FileSecretStore({ path: '/var/lib/app/secrets', key: Buffer.from(keyFromKms, 'base64') })
 * await store.set('github/ann', token)
 * ```
 */
export class FileSecretStore implements SecretStore {
  readonly #path: string
  readonly #key: KeyObject
  /** The last change; each waits for the one before, since each rewrites the file from what it read. */
  #changing: Promise<unknown> = Promise.resolve()

  /** Throws `INVALID_OPTION`. */
  constructor({ path, key }: FileSecretStoreOptions) {
    if (typeof path !== 'string' || path === '') refuseOption('path', 'must name a file')
    if (!(key instanceof Uint8Array) || key.length !== KEY_BYTES) {
      refuseOption('key', `must be ${KEY_BYTES} bytes in a Uint8Array`)
    }
    this.#path = path
    this.#key = crypto().createSecretKey(key)
  }

  /** Throws `SECRET_NOT_FOUND`, and `SECRET_STORE_FAILED` when the file cannot be read or opened. */
  async get(name: string, options: { readonly signal?: AbortSignal } = {}): Promise<Secret> {
    const what = `Reading the secret "${name}"`
    throwIfAborted(what, options.signal)
    const stored = (await this.#read()).get(name)
    throwIfAborted(what, options.signal)
    if (stored === undefined) throw secretNotFound(name, `the file ${this.#path}`)
    const { value, expiresAt } = stored
    const expiry = expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt) }
    return new Secret(name, Buffer.from(value, 'base64'), expiry)
  }

  /**
   * Adds a secret, or replaces the one of that name. Throws `INVALID_OPTION` for its name, `SECRET_INVALID` for its
   * value, `SECRET_STORE_FAILED` when the file cannot be opened or written; the file is then as it was.
   */
  async set(name: string, value: string | Uint8Array, options: SecretOptions = {}): Promise<void> {
    const { expiresAt } = new Secret(name, value, options)
    const stored: StoredSecret = {
      value: Buffer.from(typeof value === 'string' ? Buffer.from(value) : value).toString('base64'),
      ...(expiresAt !== undefined && { expiresAt: expiresAt.toISOString() }),
    }
    await this.#change((secrets) => secrets.set(name, stored))
  }

  /** Whether there was one. Throws `SECRET_STORE_FAILED`. */
  async delete(name: string): Promise<boolean> {
    return this.#change((secrets) => secrets.delete(name))
  }

  #change<T>(change: (secrets: Map<string, StoredSecret>) => T): Promise<T> {
    const changed = this.#changing.then(async () => {
      const secrets = await this.#read()
      const result = change(secrets)
      await this.#write(secrets)
      return result
    })
    this.#changing = changed.catch(() => {})
    return changed
  }

  async #read(): Promise<Map<string, StoredSecret>> {
    const sealed = await asyncFiles()
      .readFile(this.#path)
      .catch((error: unknown) => {
        if (codeOf(error) === 'ENOENT') return undefined
        throw this.#failed('read', error)
      })
    if (sealed === undefined) return new Map()
    const { open } = await import('./secret-box.js')
    const plain = open(sealed, this.#key, this.#path)
    try {
      const stored: Record<string, StoredSecret> = JSON.parse(plain.toString())
      return new Map(Object.entries(stored))
    } catch {
      throw this.#failed('read', new Error('it holds no secrets of this store')) // a parser's error would quote them
    } finally {
      plain.fill(0)
    }
  }

  async #write(secrets: ReadonlyMap<string, StoredSecret>): Promise<void> {
    const [{ seal }, { replaceFile }] = await Promise.all([
      import('./secret-box.js'),
      import('./replace-file.js'),
    ])
    const plain = Buffer.from(JSON.stringify(Object.fromEntries(secrets)))
    const sealed = seal(plain, this.#key)
    plain.fill(0)
    await replaceFile(this.#path, sealed).catch((error: unknown) => {
      throw this.#failed('written', error)
    })
  }

  #failed(done: string, cause: unknown): Error {
    const message = `The secret file ${this.#path} could not be ${done} (${codeOf(cause)}).`
    return storeFailed(message, { path: this.#path }, { cause })
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : String(error)
}

/** Not with the value: it might be a key. */
function refuseOption(option: string, rule: string): never {
  throw new ContainersError('INVALID_OPTION', `${option} ${rule}.`, { details: { option, rule } })
}
