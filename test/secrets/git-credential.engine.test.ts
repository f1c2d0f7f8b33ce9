import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import type { RunOptions } from '../../src/command/command-options.js'
import { shell } from '../../src/command/shell.js'
import type { Container } from '../../src/harness/container.js'
import { DockerHarness } from '../../src/harness/docker-harness.js'
import { DockerRunner } from '../../src/runners/docker-runner.js'
import { gitCredential } from '../../src/secrets/git-credential.js'
import { MemorySecretStore } from '../../src/secrets/memory-secret-store.js'
import { CLAUDE_IMAGE, testEndpoint, testLabels } from '../support/engine.js'
import { startGitServer, type GitServer } from './git-server.js'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 })

const name = 'host.docker.internal'
const ann = 'ghp_annAnn0123456789abcdef'
const bob = 'ghp_bobBob0123456789abcdef'
const tokens: Record<string, string> = { [`x-access-token:${ann}`]: 'ann', [`x-access-token:${bob}`]: 'bob' }
const secretStore = new MemorySecretStore({ ann, bob, wrong: 'ghp_wrongWrong012345' })

let harness: DockerHarness
let container: Container
let runner: DockerRunner
let server: GitServer
let address: string
let host: string
let counter = 0
let folder: string

beforeAll(async () => {
  harness = await DockerHarness.connect({ host: testEndpoint() })
  container = await harness.create({
    image: CLAUDE_IMAGE,
    init: 'supervisor',
    network: 'bridge',
    extraHosts: [`${name}:host-gateway`],
    labels: testLabels(),
  })
  await container.start()
  runner = new DockerRunner({ harness, container, secretStore })
  const { stdout } = await runner.run(['getent', 'ahostsv4', name], { check: true })
  address = stdout.split(/\s/)[0] ?? ''
  // Ann may read what is bob's as well, for her submodule.
  const mayRead = (credential: string, path: string) =>
    tokens[credential] === 'ann' || (tokens[credential] === 'bob' && path.startsWith('/private/bob.git/'))
  server = await startGitServer(mayRead, { name, address })
  host = `${name}:${server.port}`
  const certificate = readFileSync(server.certificate)
  await runner.run(['sh', '-c', 'cat > /ca.pem'], { stdin: certificate, user: '0', check: true })
})
afterAll(async () => {
  await runner?.close()
  await container?.[Symbol.asyncDispose]()
  await harness?.close()
  await server?.close()
})
beforeEach(() => {
  server.requests.length = 0
  folder = `/tmp/git-${counter++}`
})

function git(script: string, secret: string, options: RunOptions & { host?: string } = {}) {
  const { host: of = host, ...more } = options
  const whole = `set -e; mkdir -p -m 777 ${folder}; cd ${folder}; ${script}`
  return runner.run(shell(whole, { shell: 'sh' }), {
    secrets: [gitCredential({ host: of, secret })],
    env: { GIT_SSL_CAINFO: '/ca.pem', GIT_TERMINAL_PROMPT: '0' },
    ...more,
  })
}
const credentials = () => new Set(server.requests.map(({ credential }) => credential))

/** In no file of the container, and in no command line of the machine while it was answered. */
async function expectNoTrace(token: string): Promise<void> {
  const encoded = Buffer.from(`x-access-token:${token}`).toString('base64')
  const search = 'grep -rlF -f - /tmp /workspace /home /root /etc /var /run /dev/shm 2>/dev/null; :'
  const found = await runner.run(['sh', '-c', search], { stdin: `${token}\n${encoded}\n`, user: '0' })
  expect(found.stdout).toBe('')
  for (const { processes } of server.requests) {
    expect(processes.includes(token) || processes.includes(encoded)).toBe(false)
  }
}

test('clones, fetches and pushes what is private, and leaves no trace', async () => {
  const { exit, stdout, stderr } = await git(
    `git config --global credential.helper store; git config --global --add credential.helper cache
    git clone -q https://${host}/private/ann.git work; cd work; git pull -q; cat README
    git config user.name t; git config user.email t@example; echo more >> README; git commit -qam more
    git push -q; git fetch -q; git remote -v; git config --list; git reflog; cat .git/config
    touch ~/.git-credentials; cat ~/.git-credentials; printf 'protocol=https\nhost=${host}\n\n' | git credential-cache get`,
    'ann',
  )
  expect(stderr).toBe('')
  expect(exit).toMatchObject({ succeeded: true, secrets: { verified: true } })
  expect(stdout).toContain('this is private/ann')
  expect(stdout).toContain(`origin\thttps://${host}/private/ann.git (push)`)
  expect(stdout).not.toMatch(/\[secret|password/)
  expect(credentials()).toEqual(new Set([undefined, `x-access-token:${ann}`]))
  expect(server.requests.some(({ processes }) => processes.includes('git-remote-https'))).toBe(true)
  await expectNoTrace(ann)
})

test('takes submodules along, and is not asked for what is public', async () => {
  const script = `git clone -q --recurse-submodules https://${host}/private/ann.git work; cat work/other/README`
  expect((await git(script, 'ann')).stdout).toBe('this is private/bob\n')
  server.requests.length = 0
  expect((await git(`git clone -q https://${host}/public/open.git open`, 'ann')).exit.code).toBe(0)
  expect(credentials()).toEqual(new Set([undefined]))
  await expectNoTrace(ann)
})

test('says nothing to another host, and fails with a wrong token without asking anybody', async () => {
  const elsewhere = await git(`git clone -q https://${address}:${server.port}/private/ann.git a`, 'ann')
  expect(elsewhere.exit.code).toBe(128)
  expect(credentials()).toEqual(new Set([undefined]))
  const wrong = await git(`git clone -q https://${host}/private/ann.git b`, 'wrong')
  expect([wrong.exit.code, wrong.stderr]).toEqual([128, expect.stringContaining('Authentication failed')])
})

test.each([undefined, 'unique'])('gives runs at once each their own token, as the user %s', async (user) => {
  const runs = (['ann', 'bob', 'ann', 'bob'] as const).map((who, n) =>
    git(`git clone -q https://${host}/private/${who}.git ${user}-${n}`, who, user ? { user } : {}),
  )
  for (const { exit, stderr } of await Promise.all(runs)) expect([exit.code, stderr]).toEqual([0, ''])
  const seen = server.requests.filter(({ credential }) => credential)
  expect(seen.length).toBeGreaterThan(0)
  for (const { path, credential } of seen) {
    expect(path.split('/')[2]).toBe(`${tokens[credential ?? '']}.git`)
  }
  await expectNoTrace(ann)
  await expectNoTrace(bob)
})
