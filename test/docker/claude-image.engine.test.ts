import { beforeAll, expect, test } from 'vitest'
import { ensureImages } from '../../docker/scripts/images.mjs'
import { CLAUDE_IMAGE, engineRequest, testEndpoint, testLabels } from '../support/engine.js'

// Building it from nothing takes minutes; `npm test` has done so before.
beforeAll(() => ensureImages(testEndpoint(), ['claude-code']), 600_000)

/** Runs a shell script in the image; its output comes with a terminal's line ends. */
async function inImage(script: string): Promise<string> {
  const config = { Image: CLAUDE_IMAGE, Cmd: ['sh', '-c', script], Tty: true, Labels: testLabels() }
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
