import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { ContainersError } from '../errors/containers-error.js'
import { Secret } from '../model/secret.js'
import type { SecretUse } from '../model/secret-use.js'
import { secretEnv, secretEnvFile, secretFile, secretJson } from '../secrets/secret-uses.js'
import { secretCase, sh, token, use, type Scene, type SecretCase } from './secret-case.js'

async function fails(scene: Scene, code: string, uses: readonly SecretUse[], says: string): Promise<void> {
  const command = scene.runner.spawn(sh('echo ran'), { secrets: uses })
  const error: unknown = await command.started.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  assert(error instanceof ContainersError, 'it was started')
  assert.equal(error.code, code, error.message)
  assert(error.message.includes(says), error.message)
  const exit = await command.exit
  assert.equal(exit.reason, 'spawnFailed')
  assert.equal(await command.text(), '')
  assert(!inspect([error, exit], { depth: 9 }).includes(token))
  assert.deepEqual(
    scene.events.filter(({ type }) => type === 'delivered'),
    [],
  )
}

/** What cannot be given is refused: nothing is started, and nothing is left. */
export const secretRefusalCases: readonly SecretCase[] = [
  secretCase('one that has expired is refused', async (scene) => {
    scene.store.set('case/token', token, -1)
    await fails(scene, 'SECRET_EXPIRED', [use], 'case/token')
    assert.equal(scene.events.map(({ type }) => type).join(), 'expired')
  }),
  secretCase('one that the store does not have is refused', (scene) =>
    fails(scene, 'SECRET_NOT_FOUND', [secretFile('x', 'case/unknown')], 'case/unknown'),
  ),
  secretCase('a store that throws fails the command alone', async (scene) => {
    scene.store.get = () => Promise.reject(new Error(`no ${token}`))
    const command = scene.runner.spawn(sh('echo ran'), { secrets: [use] })
    await assert.rejects(command.started, { code: 'SECRET_STORE_FAILED' })
    const exit = await command.exit
    assert(
      !JSON.stringify(exit).includes(token) && exit.explanation?.includes('case/token'),
      exit.explanation,
    )
  }),
  secretCase('a store that gives nothing, or another secret, fails the command alone', async (scene) => {
    for (const given of [undefined as never, new Secret('case/another', token)]) {
      scene.store.get = () => Promise.resolve(given)
      await fails(scene, 'SECRET_STORE_FAILED', [use], 'case/token')
    }
  }),
  secretCase('a store that hangs holds up no kill', async ({ runner, store }) => {
    store.get = () => new Promise(() => {})
    const command = runner.spawn(sh('echo ran'), { secrets: [use] })
    assert.deepEqual(await command.kill(), { killed: 0, survivors: [], verified: true })
    assert.equal((await command.exit).reason, 'killed')
  }),
  secretCase('a value that its way cannot carry is refused', async (scene) => {
    scene.store.set('case/nul', `nul\0${token}`)
    scene.store.set('case/lines', `two\nlines ${token}`)
    await fails(scene, 'SECRET_INVALID', [secretEnv('TOKEN', 'case/nul')], 'case/nul')
    await fails(scene, 'SECRET_INVALID', [secretEnvFile('env', { TOKEN: 'case/lines' })], 'case/lines')
    await fails(scene, 'SECRET_INVALID', [secretJson('json', { token: 'case/nul' })], 'case/nul')
  }),
  secretCase('one that is too short to be masked, or too large, is refused', async (scene) => {
    scene.store.set('case/short', 'short')
    scene.store.set('case/large', token.repeat(3000))
    await fails(scene, 'SECRET_INVALID', [secretFile('x', 'case/short')], 'case/short')
    await fails(scene, 'SECRET_INVALID', [secretFile('x', 'case/large')], 'case/large')
    scene.store.set('case/huge', token.repeat(6000))
    await fails(scene, 'SECRET_INVALID', [secretEnv('TOKEN', 'case/huge')], 'case/huge')
    scene.store.set('case/part', token.repeat(2900))
    const files = (length: number, name: string) => Array.from({ length }, (_, n) => secretFile(`${n}`, name))
    await fails(scene, 'SECRET_INVALID', files(9, 'case/part'), 'case/part')
    await fails(scene, 'INVALID_OPTION', files(64, 'case/token'), 'fewer than 64 files')
  }),
  secretCase('what contradicts itself is refused before anything is asked', async ({ runner, store }) => {
    store.get = () => assert.fail('the store was asked')
    const refused = (secrets: unknown, more: object = {}) =>
      assert.throws(() => runner.spawn(['true'], { secrets: secrets as SecretUse[], ...more }), {
        code: 'INVALID_OPTION',
      })
    refused([use, use])
    refused([secretEnv('TOKEN', 'a'), secretEnv('TOKEN', 'b')])
    refused([secretEnv('TOKEN', 'a')], { env: { TOKEN: 'x' } })
    refused([use], { env: { ANYON_SECRETS_DIR: 'x' } })
    refused([use], { descendants: 'keep' })
    refused(['token'])
    for (const name of ['a/b', '..', '.', '', 'a\0b', 'x'.repeat(129)]) {
      assert.throws(() => secretFile(name, 'a'), { code: 'INVALID_OPTION' })
    }
  }),
]
