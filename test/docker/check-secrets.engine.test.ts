import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { DockerRunner } from '../../src/runners/docker-runner.js'
import { testEndpoint } from '../support/engine.js'
import { testContainer, testHarness } from '../support/harness.js'

test('check-secrets finds nothing, and finds what is left', async () => {
  const harness = await testHarness()
  const container = await testContainer(harness, { init: 'supervisor', user: '1000' })
  await container.start()
  const folder = mkdtempSync(join(tmpdir(), 'check-secrets-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const list = join(folder, 'values')
  writeFileSync(list, 'sesame-open\nsesame-shut\n')
  const check = () =>
    promisify(execFile)('docker/check-secrets', [container.id, list], {
      env: { ...process.env, DOCKER_HOST: testEndpoint() },
    })
  expect((await check()).stdout).toContain('nothing was found')
  await using runner = new DockerRunner({ harness, container, user: '0' })
  await runner.run(['mkdir', '/tmp/secrets/0123456789abcdef'], { check: true })
  await expect(check()).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('0123456789abcdef') as string,
  })
  await runner.run(['rmdir', '/tmp/secrets/0123456789abcdef'], { check: true })
  await runner.run(['sh', '-c', 'cat > /left-behind'], { stdin: 'sesame-shut', check: true })
  await expect(check()).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('docker export') as string,
  })
})
