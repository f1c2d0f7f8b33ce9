import { format, inspect } from 'node:util'
import { expect, test } from 'vitest'
import { isSecret, Secret } from '../../src/model/secret.js'

const value = 'sesame-open'
const secret = new Secret('github/ann', value, { expiresAt: new Date('2030-01-01') })

test.each<[string, () => string]>([
  ['a template string', () => `${secret}`],
  ['string addition', () => '' + secret],
  ['String', () => String(secret)],
  ['inspect', () => inspect(secret)],
  ['inspect with all that is hidden', () => inspect(secret, { showHidden: true, getters: true, depth: 9 })],
  ['console.log of it', () => format(secret)],
  ['%s', () => format('%s', secret)],
  ['%o', () => format('%o', secret)],
  ['%O', () => format('%O', secret)],
  ['join', () => [secret].join()],
  ['a message of an error', () => new Error(`no ${secret}`).message.slice(3)],
  ['JSON', () => JSON.parse(JSON.stringify(secret)) as string],
  [
    'JSON within data',
    () => (JSON.parse(JSON.stringify({ a: [{ secret }] })) as { a: { secret: string }[] }).a[0]!.secret,
  ],
])('%s shows its name alone', (_, show) => expect(show()).toBe('[secret github/ann]'))

test.each<[string, () => unknown]>([
  ['%j', () => format('%j', { secret })],
  ['inspect within data', () => inspect({ a: [{ secret }] }, { depth: 9 })],
  [
    'inspect without custom forms',
    () => inspect(secret, { customInspect: false, showHidden: true, getters: true }),
  ],
  ['console.table', () => format([secret])],
  ['spread', () => ({ ...secret })],
  ['Object.assign', () => Object.assign({}, secret)],
  ['entries', () => Object.entries(secret)],
  ['all own properties', () => Object.getOwnPropertyDescriptors(secret)],
  ['structuredClone', () => structuredClone(secret)],
  ['a number', () => Number(secret)],
])('%s does not show the value', (_, show) => {
  const shown = inspect(show(), { showHidden: true, depth: 9 })
  expect(shown).not.toContain(value)
  expect(shown).not.toContain(inspect(Buffer.from(value)).slice(8, 20))
})

test('reveal gives text and bytes as they were, as a copy in memory of its own', () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte)
  const binary = new Secret('bytes', bytes)
  bytes.fill(0)
  expect([...binary.reveal()]).toEqual(Array.from({ length: 256 }, (_, byte) => byte))
  binary.reveal().fill(0)
  expect(binary.reveal()[255]).toBe(255)
  expect(secret.reveal().toString()).toBe(value)
  expect(secret.reveal().buffer.byteLength).toBe(value.length)
  expect(new Secret('text', 'é€😀').reveal().toString()).toBe('é€😀')
})

test('expires at the moment it says, and nobody can move that', () => {
  secret.expiresAt?.setFullYear(1999)
  expect(secret.expiresAt).toEqual(new Date('2030-01-01'))
  expect(secret.isExpired(new Date('2029-12-31T23:59:59.999Z'))).toBe(false)
  expect(secret.isExpired(new Date('2030-01-01'))).toBe(true)
  expect(new Secret('x', value).isExpired()).toBe(false)
  expect(new Secret('x', value, { expiresAt: new Date(0) }).isExpired()).toBe(true)
})

test('isSecret knows one', () => {
  expect([secret, { ...secret }, 'x', null, undefined].map(isSecret)).toEqual([
    true,
    false,
    false,
    false,
    false,
  ])
})

test.each(['', '/x', '.', 'a b', 'a\n', 'a"', 'a]', 'a'.repeat(201), '__proto__'])(
  'refuses the name %j',
  (name) => {
    expect(() => new Secret(name, value)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  },
)

test.each<[string, unknown]>([
  ['an empty text', ''],
  ['no bytes', new Uint8Array()],
  ['a number', 12345678],
  ['null', null],
])('refuses %s as value, naming the secret', (_, bad) => {
  const make = () => new Secret('github/ann', bad as string)
  expect(make).toThrow(expect.objectContaining({ code: 'SECRET_INVALID' }))
  expect(make).toThrow('github/ann')
  expect(make).not.toThrow('12345678')
})

test('refuses an expiry that is no date', () => {
  const make = () => new Secret('x', value, { expiresAt: new Date(NaN) })
  expect(make).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
})
