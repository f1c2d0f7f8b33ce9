import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { shell } from '../../src/command/shell.js'
import { HostRunner } from '../../src/runners/host/host-runner.js'
import { gitCredential } from '../../src/secrets/git-credential.js'
import { MemorySecretStore } from '../../src/secrets/memory-secret-store.js'
import { startGitServer, type GitServer } from './git-server.js'

vi.setConfig({ testTimeout: 30_000 })

const ann = 'ghp_annAnn0123456789abcdef'
const bob = 'ghp_bobBob0123456789abcdef'
const tokens: Record<string, string> = { [`x-access-token:${ann}`]: 'ann', [`x-access-token:${bob}`]: 'bob' }
const secretStore = new MemorySecretStore({
  'git/ann': ann,
  'git/bob': `${bob}\n`,
  'git/wrong': 'ghp_wrongWrong012345',
})

let server: GitServer
let folder: string
let runner: HostRunner
let host: string
let asAnn: ReturnType<typeof gitCredential>

beforeAll(async () => {
  // Ann may read what is bob's as well, for her submodule.
  server = await startGitServer((credential, path) => {
    const who = tokens[credential]
    return who === 'ann' || (who === 'bob' && path.startsWith('/private/bob.git/'))
  })
  host = `localhost:${server.port}`
  asAnn = gitCredential({ host, secret: 'git/ann' })
})
afterAll(() => server.close())
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'git-credential-'))
  runner = new HostRunner({ secretStore, cwd: folder })
  server.requests.length = 0
})
afterEach(async () => {
  await runner.close()
  rmSync(folder, { recursive: true })
})

const git = (script: string, secrets = [asAnn]) =>
  runner.run(shell(script, { shell: 'sh' }), {
    secrets,
    env: { HOME: folder, GIT_SSL_CAINFO: server.certificate, GIT_TERMINAL_PROMPT: '0' },
  })
const credentials = () => new Set(server.requests.map(({ credential }) => credential))

function expectNoTrace(token: string): void {
  const encoded = Buffer.from(`x-access-token:${token}`).toString('base64')
  const grep = `grep -rlF -e '${token}' -e '${encoded}' '${folder}' || true`
  expect(execFileSync('sh', ['-c', grep]).toString()).toBe('')
  for (const { processes } of server.requests)
    expect(processes).not.toMatch(new RegExp(`${token}|${encoded}`))
}

test('clones, fetches and pushes what is private, and leaves no trace', async () => {
  const { exit, stdout, stderr } = await git(`
    set -e; git clone -q https://${host}/private/ann.git work; cd work; git pull -q; cat README
    git config user.name t; git config user.email t@example; echo more >> README; git commit -qam more
    git push -q; git fetch -q; git remote -v; git config --list; git reflog`)
  expect(stderr).toBe('')
  expect(exit).toMatchObject({ succeeded: true, secrets: { verified: true } })
  expect(stdout).toContain('this is private/ann')
  expect(stdout).toContain(`origin\thttps://${host}/private/ann.git (push)`)
  expect(credentials()).toEqual(new Set([undefined, `x-access-token:${ann}`]))
  expect(readFileSync(join(folder, 'work/.git/config'), 'utf8')).not.toContain('credential')
  expectNoTrace(ann)
})

test('takes submodules along', async () => {
  const { exit, stderr } = await git(`git clone -q --recurse-submodules https://${host}/private/ann.git work`)
  expect(stderr).not.toContain('fatal')
  expect(exit.code).toBe(0)
  expect(readFileSync(join(folder, 'work/other/README'), 'utf8')).toBe('this is private/bob\n')
  expectNoTrace(ann)
})

test('is not asked for what is public', async () => {
  expect((await git(`git clone -q https://${host}/public/open.git work`)).exit.code).toBe(0)
  expect(credentials()).toEqual(new Set([undefined]))
})

test('says nothing to another host, nor to another port', async () => {
  const { exit } = await git(`git clone -q https://127.0.0.1:${server.port}/private/ann.git work`)
  expect(exit.code).toBe(128)
  const other = gitCredential({ host: 'localhost', secret: 'git/ann' })
  expect((await git(`git clone -q https://${host}/private/ann.git work`, [other])).exit.code).toBe(128)
  expect(credentials()).toEqual(new Set([undefined]))
})

test('fails with a wrong token without asking anybody', async () => {
  const wrong = gitCredential({ host, secret: 'git/wrong' })
  const { exit, stderr } = await git(`git clone -q https://${host}/private/ann.git work`, [wrong])
  expect(exit.code).toBe(128)
  expect(stderr).toContain('Authentication failed')
})

test('gives concurrent runs each their own token', async () => {
  const asBob = gitCredential({ host, secret: 'git/bob' })
  const runs = Array.from({ length: 6 }, (_, n) => {
    const [who, use] = n % 2 === 0 ? (['ann', asAnn] as const) : (['bob', asBob] as const)
    return git(`git clone -q https://${host}/private/${who}.git work-${n}`, [use])
  })
  for (const { exit } of await Promise.all(runs)) expect(exit.code).toBe(0)
  const seen = server.requests
    .filter(({ credential }) => credential)
    .map(({ path, credential }) => [path.split('/')[2], tokens[credential ?? '']])
  expect(seen.length).toBeGreaterThan(0)
  for (const [repository, who] of seen) expect(repository).toBe(`${who}.git`)
  expectNoTrace(ann)
  expectNoTrace(bob)
})

test('keeps the token from the helpers of the place, and adds to git settings of the caller', async () => {
  const script = `git config --global credential.helper "!tee -a '${folder}/kept' >/dev/null; :"
    git clone -q https://${host}/private/ann.git work && git config demo.key`
  const { exit, stdout } = await runner.run(shell(script, { shell: 'sh' }), {
    secrets: [asAnn],
    env: {
      HOME: folder,
      GIT_SSL_CAINFO: server.certificate,
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'demo.key',
      GIT_CONFIG_VALUE_0: 'its value',
    },
  })
  expect([exit.code, stdout]).toEqual([0, 'its value\n'])
  expectNoTrace(ann)
})

test('uses two hosts in one run', async () => {
  const both = [gitCredential({ host: 'git.example', secret: 'git/bob' }), asAnn]
  expect((await git(`git clone -q https://${host}/private/ann.git work`, both)).exit.code).toBe(0)
})

test.each(['github.com/x', 'a b', 'https://github.com', '', '-x', 'x:99999999'])(
  'refuses the host %j',
  (bad) => {
    expect(() => gitCredential({ host: bad, secret: 'git/ann' })).toThrow('host')
  },
)
