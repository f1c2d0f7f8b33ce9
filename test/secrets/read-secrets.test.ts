import { getEventListeners } from 'node:events'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { Secret } from '../../src/model/secret.js'
import type { SecretStore } from '../../src/ports/secret-store.js'
import { MemorySecretStore } from '../../src/secrets/memory-secret-store.js'
import { readSecrets } from '../../src/secrets/read-secrets.js'

const memory = new MemorySecretStore({ a: 'value of a', b: 'value of b' })
const code = (code: string) => expect.objectContaining({ code })
/** Gives `a`, and does as told for `b`. */
const storeWith = (get: SecretStore['get']): SecretStore => ({
  get: (name, options) => (name === 'a' ? memory.get(name) : get(name, options)),
})
const hangs = storeWith(() => new Promise(() => {}))

test('reads each name once', async () => {
  const asked: string[] = []
  const counting = { get: (name: string) => (asked.push(name), memory.get(name)) }
  const secrets = await readSecrets(counting, ['a', 'b', 'a'])
  expect(asked).toEqual(['a', 'b'])
  expect([...secrets].map(([name, secret]) => `${name} ${secret.reveal()}`)).toEqual([
    'a value of a',
    'b value of b',
  ])
  expect((await readSecrets(hangs, [])).size).toBe(0)
})

test.each<[string, SecretStore, string]>([
  ['does not know it', memory, 'SECRET_NOT_FOUND'],
  ['throws', storeWith(() => { throw new Error('locked') }), 'SECRET_STORE_FAILED'], // prettier-ignore
  ['rejects', storeWith(() => Promise.reject(new Error('locked'))), 'SECRET_STORE_FAILED'],
  ['rejects with nothing', storeWith(() => Promise.reject()), 'SECRET_STORE_FAILED'],
  ['gives a text', storeWith((async () => 'sesame-open') as never), 'SECRET_STORE_FAILED'],
  ['gives nothing', storeWith((() => undefined) as never), 'SECRET_STORE_FAILED'],
  ['gives another secret', storeWith(() => memory.get('a')), 'SECRET_STORE_FAILED'],
  ['gives an empty one', storeWith(async (name) => new Secret(name, '')), 'SECRET_INVALID'],
  ['gives an expired one', storeWith(async (name) => new Secret(name, 'sesame-open', { expiresAt: new Date(0) })), 'SECRET_EXPIRED'], // prettier-ignore
])('a store that %s', async (_, store, expected) => {
  const error: unknown = await readSecrets(store, ['a', 'c']).catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code: expected, message: expect.stringContaining('"c"') as string })
  expect(inspect(error)).not.toContain('sesame')
})

test('shows no word of what a store throws, though whoever asks for it can have it', async () => {
  const thrown = Object.assign(new TypeError('got {"token":"sesame-open"'), { code: 'EBADJSON' })
  const store = storeWith(() => Promise.reject(thrown))
  const error = await readSecrets(store, ['c']).catch((reason: unknown) => reason as Error)
  expect(inspect(error, { depth: 9 })).not.toContain('sesame')
  const { cause } = error as Error
  expect(cause).toMatchObject({ message: expect.stringMatching(/^TypeError \(EBADJSON\)/), code: 'EBADJSON' })
  expect((cause as { thrown?: unknown }).thrown).toBe(thrown)
  const text = storeWith(() => Promise.reject('sesame-open'))
  await expect(readSecrets(text, ['c'])).rejects.toMatchObject({ cause: { thrown: 'sesame-open' } })
})

test('ends a store that hangs at the deadline, tells it, and names what it did not give', async () => {
  let told: AbortSignal | undefined
  const store = storeWith((_, options) => {
    told = options?.signal
    return new Promise(() => {})
  })
  const reading = readSecrets(store, ['a', 'c'], { deadlineMs: 20 })
  await expect(reading).rejects.toThrow('did not give "c" within 20 ms')
  await expect(reading).rejects.toThrow(code('DEADLINE_EXCEEDED'))
  expect(told?.aborted).toBe(true)
})

test('ends when its signal does, and leaves no listener behind', async () => {
  const controller = new AbortController()
  const reading = readSecrets(hangs, ['c'], { signal: controller.signal })
  controller.abort(new Error('enough'))
  await expect(reading).rejects.toThrow(code('ABORTED'))
  const asked: string[] = []
  const counting = { get: (name: string) => (asked.push(name), memory.get(name)) }
  await expect(readSecrets(counting, ['a'], { signal: controller.signal })).rejects.toThrow(code('ABORTED'))
  expect(asked).toEqual([])
  const { signal } = new AbortController()
  await readSecrets(memory, ['a'], { signal })
  expect(getEventListeners(signal, 'abort')).toEqual([])
})

test('refuses a bad name or deadline before it asks', async () => {
  await expect(readSecrets(hangs, ['a b'])).rejects.toThrow(code('INVALID_OPTION'))
  await expect(readSecrets(hangs, ['a'], { deadlineMs: 0 })).rejects.toThrow(code('INVALID_OPTION'))
})
