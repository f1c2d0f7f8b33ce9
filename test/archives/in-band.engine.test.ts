import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { downloadTo } from '../../src/archives/download.js'
import { upload } from '../../src/archives/upload.js'
import type { ContainerEngine } from '../../src/engine/container-engine.js'
import { runInContainer } from '../../src/exec/run-in-container.js'
import { removeTestContainer, startTestContainer, testEngine } from '../support/io-container.js'

let engine: ContainerEngine
let id: string
let base: string

beforeEach(async () => {
  engine = await testEngine()
  id = await startTestContainer(engine, { mounts: [{ type: 'tmpfs', target: '/mem' }] })
  base = await mkdtemp(join(tmpdir(), 'anyon-in-band-'))
  await writeFile(join(base, 'file'), 'content')
  await upload(engine, id, '/mem', [{ path: 'there', content: 'content' }])
})
afterEach(async () => {
  await removeTestContainer(engine, id)
  await engine.close()
  await rm(base, { recursive: true, force: true })
})

const inside = (...argv: string[]) => runInContainer(engine, id, argv)

/** Puts a script in the place of a program of the image. */
async function replace(program: string, script: string): Promise<void> {
  await inside('rm', `/bin/${program}`)
  await upload(engine, id, '/bin', [{ path: program, content: `#!/bin/sh\n${script}\n`, mode: 0o755 }])
}

it('an image without tar: single files still go both ways, and folders say what is missing', async () => {
  await inside('rm', '/bin/tar')
  await upload(engine, id, '/mem/up', join(base, 'file'), { mode: 0o640, uid: 7, gid: 8 })
  expect((await inside('stat', '-c', '%a %u %g %s', '/mem/up')).stdout).toBe('640 7 8 7\n')
  await downloadTo(engine, id, '/mem/up', join(base, 'down'))
  expect(await readFile(join(base, 'down/up'), 'utf8')).toBe('content')
  const noTar = { code: 'NOT_SUPPORTED', message: expect.stringMatching(/\btar\b/) as string }
  await expect(upload(engine, id, '/mem', base)).rejects.toMatchObject(noTar)
  await expect(downloadTo(engine, id, '/mem', join(base, 'folder'))).rejects.toMatchObject(noTar)
  expect((await readdir(base)).sort()).toEqual(['down', 'file'])
})

it('an image without any program of use says which is missing', async () => {
  await inside('rm', '/bin/test')
  const missing = { code: 'NOT_SUPPORTED', details: { missing: 'test' } }
  await expect(upload(engine, id, '/mem/up', join(base, 'file'))).rejects.toMatchObject(missing)
  await expect(downloadTo(engine, id, '/mem', join(base, 'down'))).rejects.toMatchObject(missing)
})

it('a tar that fails in the container fails the call with its words, though its output looks whole', async () => {
  await replace('tar', '/bin/busybox tar "$@"; echo "tar: disk on fire" >&2; exit 1')
  const failure = { code: 'ARCHIVE_INVALID', message: expect.stringContaining('disk on fire') as string }
  await expect(upload(engine, id, '/mem', base)).rejects.toMatchObject(failure)
  await expect(downloadTo(engine, id, '/mem', join(base, 'down'))).rejects.toMatchObject(failure)
  expect(await readdir(base)).toEqual(['file'])
})

it('a tar that only found its files changing is no failure', async () => {
  await replace('tar', '/bin/busybox tar "$@"; echo "tar: there: file changed as we read it" >&2; exit 1')
  await downloadTo(engine, id, '/mem', join(base, 'down'))
  expect(await readFile(join(base, 'down/there'), 'utf8')).toBe('content')
})

it('a file that did not arrive whole without tar is told, with both sizes', async () => {
  await inside('rm', '/bin/tar')
  await replace('dd', 'exec head -c 3 >"${1#of=}"')
  await expect(upload(engine, id, '/mem/up', join(base, 'file'))).rejects.toMatchObject({
    code: 'ARCHIVE_INVALID',
    message: expect.stringMatching(/7 bytes.* 3/) as string,
  })
})
