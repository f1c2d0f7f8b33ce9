import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { isContainersError } from '../errors/containers-error.js'
import { isSecret } from '../model/secret.js'
import type { SecretStore } from '../ports/secret-store.js'

/** One thing that every secret store does alike. Rejects when it does not. */
export interface SecretStoreCase {
  readonly name: string
  /** Given what makes a store that holds these secrets and no other: texts by name. */
  run(open: (secrets: Readonly<Record<string, string>>) => SecretStore | Promise<SecretStore>): Promise<void>
}

async function errorOf(promise: Promise<unknown>): Promise<Error> {
  const error: unknown = await promise.then(
    () => assert.fail('it gave a secret'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof Error)
  return error
}

/**
 * What a {@link SecretStore} owes, for any test framework.
 *
 * @example
 * ```ts
 * for (const { name, run } of secretStoreCases) test(name, () => run((secrets) => new MyStore(secrets)))
 * ```
 */
export const secretStoreCases: readonly SecretStoreCase[] = [
  {
    name: 'gives each secret by its name',
    async run(open) {
      const store = await open({ 'github/ann': 'value of ann', 'github/bob': 'value of bob' })
      for (const who of ['ann', 'bob']) {
        const secret = await store.get(`github/${who}`)
        assert.ok(isSecret(secret))
        assert.equal(secret.name, `github/${who}`)
        assert.equal(secret.reveal().toString(), `value of ${who}`)
      }
    },
  },
  {
    name: 'keeps each character',
    async run(open) {
      const value = ' "quoted" \\ $HOME \'`%41\' é€😀\ttab\nnew line\r\n'
      const store = await open({ key: value })
      assert.equal((await store.get('key')).reveal().toString(), value)
    },
  },
  {
    name: 'keeps a value of 64 KiB',
    async run(open) {
      const value = 'long '.repeat(13_107)
      const store = await open({ long: value })
      assert.equal((await store.get('long')).reveal().toString(), value)
    },
  },
  {
    name: 'gives secrets that do not show themselves',
    async run(open) {
      const store = await open({ hidden: 'sesame-open' })
      const secret = await store.get('hidden')
      const shown = [
        `${secret}`,
        JSON.stringify({ secret }),
        inspect(secret),
        inspect(store, { depth: 9 }),
      ].join()
      assert.ok(!shown.includes('sesame-open'))
      assert.equal(`${secret}`, '[secret hidden]')
    },
  },
  {
    name: 'says SECRET_NOT_FOUND, naming the secret and showing none',
    async run(open) {
      const store = await open({ known: 'sesame-open' })
      for (const name of ['unknown', 'know', 'known/', 'constructor', 'toString', 'KNOWN']) {
        const error = await errorOf(store.get(name))
        assert.ok(isContainersError(error, 'SECRET_NOT_FOUND'), inspect(error))
        assert.ok(error.message.includes(`"${name}"`), error.message)
        assert.ok(!inspect(error, { depth: 9 }).includes('sesame-open'))
      }
    },
  },
  {
    name: 'gives nothing to a call that was aborted',
    async run(open) {
      const store = await open({ known: 'sesame-open' })
      const error = await errorOf(store.get('known', { signal: AbortSignal.abort() }))
      assert.ok(isContainersError(error, 'ABORTED'), inspect(error))
      const { signal } = new AbortController()
      assert.equal((await store.get('known', { signal })).name, 'known')
    },
  },
  {
    name: 'answers many at once, each with its own',
    async run(open) {
      const names = Array.from({ length: 100 }, (_, n) => `many/n${n}`)
      const store = await open(Object.fromEntries(names.map((name) => [name, `value of ${name}`])))
      const secrets = await Promise.all([...names, ...names].map((name) => store.get(name)))
      for (const secret of secrets) assert.equal(secret.reveal().toString(), `value of ${secret.name}`)
    },
  },
  {
    name: 'gives a value that the caller may overwrite',
    async run(open) {
      const store = await open({ key: 'to be kept' })
      ;(await store.get('key')).reveal().fill(0)
      assert.equal((await store.get('key')).reveal().toString(), 'to be kept')
    },
  },
]
