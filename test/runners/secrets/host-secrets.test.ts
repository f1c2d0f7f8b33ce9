import { describe, expect, test } from 'vitest'
import { HostRunner } from '../../../src/runners/host/host-runner.js'
import { MemorySecretStore } from '../../../src/secrets/memory-secret-store.js'
import { secretFile } from '../../../src/secrets/secret-uses.js'
import { runSecretCases } from '../run-secret-cases.js'

describe('HostRunner', () => runSecretCases((options) => new HostRunner({ ...options, cwd: '/' })))

test('without a supervisor no secrets are given', async () => {
  const secretStore = new MemorySecretStore({ token: 'sesame-open' })
  await using runner = new HostRunner({ supervisor: 'never', secretStore })
  expect(runner.capabilities.secrets).toBe(false)
  expect(() => runner.spawn(['true'], { secrets: [secretFile('token', 'token')] })).toThrow('no secrets')
})

test('a runner without a store refuses', async () => {
  await using runner = new HostRunner()
  expect(() => runner.spawn(['true'], { secrets: [secretFile('token', 'token')] })).toThrow('secretStore')
})
