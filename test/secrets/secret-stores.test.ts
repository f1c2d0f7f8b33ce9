import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EnvironmentSecretStore } from '../../src/secrets/environment-secret-store.js'
import { FileSecretStore } from '../../src/secrets/file-secret-store.js'
import { MemorySecretStore } from '../../src/secrets/memory-secret-store.js'
import { secretStoreCases } from '../../src/secrets/secret-store-cases.js'

const code = (code: string) => expect.objectContaining({ code })
const key = randomBytes(32)
let folder: string
let files = 0
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'anyon-secrets-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))
const newPath = () => join(folder, `store-${files++}`)

describe('in memory', () => {
  test.each(secretStoreCases)('$name', ({ run }) => run((secrets) => new MemorySecretStore(secrets)))

  test('sets, replaces, deletes; a secret that was given stays as it is', async () => {
    const store = new MemorySecretStore({ a: 'first value' })
    const first = await store.get('a')
    store.set('a', new Uint8Array([0, 255]), { expiresAt: new Date('2030-01-01') })
    const second = await store.get('a')
    expect([first.reveal().toString(), [...second.reveal()]]).toEqual(['first value', [0, 255]])
    expect(second.expiresAt).toEqual(new Date('2030-01-01'))
    expect([store.delete('a'), store.delete('a')]).toEqual([true, false])
    await expect(store.get('a')).rejects.toThrow(code('SECRET_NOT_FOUND'))
  })

  test('refuses what no secret may be', () => {
    expect(() => new MemorySecretStore({ 'a b': 'value' })).toThrow(code('INVALID_OPTION'))
    expect(() => new MemorySecretStore({ a: '' })).toThrow(code('SECRET_INVALID'))
  })
})

describe('from the environment', () => {
  const variable = (name: string) => `TEST_${Buffer.from(name).toString('hex')}`
  test.each(secretStoreCases)('$name', ({ run }) =>
    run((secrets) => {
      const entries = Object.entries(secrets)
      const environment = Object.fromEntries(entries.map(([name, value]) => [variable(name), value]))
      const variables = Object.fromEntries(entries.map(([name]) => [name, variable(name)]))
      return new EnvironmentSecretStore({ environment, variables, prefix: 'TEST_' })
    }),
  )

  const environment: Record<string, string> = {
    S_GITHUB_ANN: 'value of ann',
    S_EMPTY: '',
    OTHER: 'value of other',
  }

  test('goes by the prefix, and sees what changes', async () => {
    const own = { ...environment }
    const store = new EnvironmentSecretStore({ environment: own, prefix: 'S_' })
    expect((await store.get('github/ann')).reveal().toString()).toBe('value of ann')
    own['S_GITHUB_ANN'] = 'rotated'
    expect((await store.get('github/ann')).reveal().toString()).toBe('rotated')
    delete own['S_GITHUB_ANN']
    await expect(store.get('github/ann')).rejects.toThrow('S_GITHUB_ANN is not set')
  })

  test('refuses an empty variable, and names that two secrets could share', async () => {
    const store = new EnvironmentSecretStore({
      environment,
      prefix: 'S_',
      variables: { 'npm-token': 'OTHER' },
    })
    await expect(store.get('empty')).rejects.toThrow(code('SECRET_INVALID'))
    for (const name of ['github-ann', 'github_ann', 'GITHUB/ANN', 'other']) {
      await expect(store.get(name)).rejects.toThrow(code('SECRET_NOT_FOUND'))
    }
    expect((await store.get('npm-token')).reveal().toString()).toBe('value of other')
  })

  test.each<[string, object]>([
    ['neither prefix nor variables', { environment }],
    ['no environment', { prefix: 'S_' }],
    ['a prefix that no variable has', { environment, prefix: 'S-' }],
    ['an empty prefix', { environment, prefix: '' }],
    ['a variable that none is called', { environment, variables: { a: 'A=B' } }],
    ['a name that none has', { environment, variables: { 'a b': 'A' } }],
  ])('refuses %s', (_, options) => {
    const make = () => new EnvironmentSecretStore(options as never)
    expect(make).toThrow(code('INVALID_OPTION'))
  })
})

describe('in a file', () => {
  test.each(secretStoreCases)('$name', ({ run }) =>
    run(async (secrets) => {
      const path = newPath()
      const writer = new FileSecretStore({ path, key })
      await Promise.all(Object.entries(secrets).map(([name, value]) => writer.set(name, value)))
      return new FileSecretStore({ path, key })
    }),
  )

  async function filled(): Promise<{ path: string; store: FileSecretStore }> {
    const path = newPath()
    const store = new FileSecretStore({ path, key })
    await store.set('github/ann', 'sesame-open')
    return { path, store }
  }

  test('keeps bytes, expiry, and what others of the file hold; deletes', async () => {
    const { path, store } = await filled()
    await store.set('bytes', new Uint8Array([0, 255, 10]), { expiresAt: new Date('2030-01-01') })
    const other = new FileSecretStore({ path, key })
    const secret = await other.get('bytes')
    expect([[...secret.reveal()], secret.expiresAt]).toEqual([[0, 255, 10], new Date('2030-01-01')])
    expect([await other.delete('bytes'), await other.delete('bytes')]).toEqual([true, false])
    await expect(store.get('bytes')).rejects.toThrow(code('SECRET_NOT_FOUND'))
    expect((await store.get('github/ann')).reveal().toString()).toBe('sesame-open')
  })

  test('shows nothing of it on disk, is its owner’s alone, never twice the same, and leaves no other file', async () => {
    const { path, store } = await filled()
    const before = await readFile(path)
    await chmod(path, 0o666)
    await store.set('github/ann', 'sesame-open')
    const after = await readFile(path)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    for (const bytes of [before, after]) {
      for (const text of ['sesame', 'github', Buffer.from('sesame-open').toString('base64')]) {
        expect(bytes.includes(text)).toBe(false)
      }
    }
    expect(after.subarray(9, 21)).not.toEqual(before.subarray(9, 21))
    expect(after.subarray(21)).not.toEqual(before.subarray(21))
    expect((await readdir(folder)).filter((name) => name.startsWith('.'))).toEqual([])
  })

  test('refuses the file when any bit of it was changed, or it was cut anywhere', async () => {
    const { path, store } = await filled()
    const whole = await readFile(path)
    const spoiled: Buffer[] = []
    for (let at = 0; at < whole.length; at++) {
      const changed = Buffer.from(whole)
      changed[at] = (changed[at] as number) ^ (1 << (at % 8))
      spoiled.push(changed, whole.subarray(0, at))
    }
    spoiled.push(Buffer.concat([whole, Buffer.from([0])]))
    for (const bytes of spoiled) {
      await writeFile(path, bytes)
      const error: unknown = await store.get('github/ann').catch((reason: unknown) => reason)
      expect(error).toMatchObject({ code: 'SECRET_STORE_FAILED', retryable: false })
      expect(inspect(error)).not.toContain('sesame')
      expect(String(error)).toContain(path)
    }
    await expect(store.set('other', 'value')).rejects.toThrow(code('SECRET_STORE_FAILED'))
    expect(await readFile(path)).toEqual(spoiled.at(-1))
    await writeFile(path, whole)
    expect((await store.get('github/ann')).reveal().toString()).toBe('sesame-open')
  })

  test('says which version it does not know', async () => {
    const { path, store } = await filled()
    const bytes = await readFile(path)
    bytes[8] = 2
    await writeFile(path, bytes)
    await expect(store.get('github/ann')).rejects.toThrow('version 2')
  })

  test('opens with its key alone, and what fails once does not stop what comes next', async () => {
    const { path, store } = await filled()
    const stranger = new FileSecretStore({ path, key: randomBytes(32) })
    await expect(stranger.get('github/ann')).rejects.toThrow('another key')
    await expect(stranger.set('x', 'value')).rejects.toThrow(code('SECRET_STORE_FAILED'))
    await expect(store.set('x', '')).rejects.toThrow(code('SECRET_INVALID'))
    await store.set('x', 'value')
    expect((await store.get('x')).reveal().toString()).toBe('value')
  })

  test('says why the file could not be read or written', async () => {
    const nowhere = new FileSecretStore({ path: join(folder, 'missing', 'store'), key })
    await expect(nowhere.get('a')).rejects.toThrow(code('SECRET_NOT_FOUND'))
    await expect(nowhere.set('a', 'value')).rejects.toThrow(/written \(ENOENT\)/)
    await expect(new FileSecretStore({ path: folder, key }).get('a')).rejects.toThrow(/read \(EISDIR\)/)
  })

  test.each<[string, unknown]>([
    ['31 bytes', Buffer.alloc(31, 'k')],
    ['a text of 32', 'k'.repeat(32)],
    ['none', undefined],
  ])('refuses a key of %s without showing it', (_, bad) => {
    const make = () => new FileSecretStore({ path: newPath(), key: bad as Uint8Array })
    expect(make).toThrow(code('INVALID_OPTION'))
    expect(make).not.toThrow('kkk')
  })
})
