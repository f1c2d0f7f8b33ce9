import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { ensureImages } from '../../docker/scripts/images.mjs'
import { Images } from '../../src/images/images.js'
import { CLAUDE_IMAGE, engineRequest, testEndpoint, testLabels } from '../support/engine.js'
import { testEngine } from '../support/io-container.js'

// Building it from nothing takes minutes; `npm test` has done so before.
beforeAll(() => ensureImages(testEndpoint(), ['claude-code']), 600_000)

/** Runs a shell script in the image; its output comes with a terminal's line ends. */
async function inImage(script: string, image = CLAUDE_IMAGE): Promise<string> {
  const config = { Image: image, Cmd: ['sh', '-c', script], Tty: true, Labels: testLabels() }
  const { body } = await engineRequest('POST', '/containers/create', config)
  const path = `/containers/${(body as { Id: string }).Id}`
  try {
    await engineRequest('POST', `${path}/start`)
    await engineRequest('POST', `${path}/wait`)
    return String((await engineRequest('GET', `${path}/logs?stdout=1`)).body).replaceAll('\r\n', '\n')
  } finally {
    await engineRequest('DELETE', `${path}?force=1`)
  }
}

test('the image has the CLI of the version that its label and its tag say', async () => {
  const { body } = await engineRequest('GET', `/images/${CLAUDE_IMAGE}/json`)
  const { Config, RepoTags } = body as { Config: { Labels: Record<string, string> }; RepoTags: string[] }
  const version = Config.Labels['anyon.claude-code.version']
  expect(await inImage('claude --version')).toBe(`${version} (Claude Code)\n`)
  expect(RepoTags).toContain(`anyon-claude:${version}`)
})

test('its user has no privileges and owns /workspace; git and bash are there, Node is not', async () => {
  const script =
    'id -u; pwd; touch file && stat -c %U file; for name in git bash node npm; do command -v $name; done; grep CapEff /proc/self/status'
  expect(await inImage(script)).toBe(
    '1000\n/workspace\nagent\n/usr/bin/git\n/usr/bin/bash\nCapEff:\t0000000000000000\n',
  )
})

test('its user has the ids that the build was given, also where the base knows them already', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'anyon-claude-'))
  const engine = await testEngine()
  const images = new Images(engine)
  const tag = `io-${randomBytes(6).toString('hex')}`
  try {
    // All of the last stage that comes before the CLI, which would take a minute to fetch again.
    const [, , stage = ''] = (await readFile('docker/claude-code/Dockerfile', 'utf8')).split(/^FROM /m)
    const [user = ''] = stage.split(/^COPY /m)
    await writeFile(join(folder, 'Dockerfile'), `ARG BASE=debian:bookworm-slim\nFROM ${user}USER agent\n`)
    const buildArgs = { USER_ID: '501', GROUP_ID: '20' }
    await images.build(folder, { tags: [tag], buildArgs, labels: testLabels() })
    expect(await inImage('id -u; id -g; stat -c %u:%g /workspace', tag)).toBe('501\n20\n501:20\n')
  } finally {
    await images.remove(tag, { force: true })
    await engine.close()
    await rm(folder, { recursive: true, force: true })
  }
})
