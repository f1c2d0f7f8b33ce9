import { expect, test } from 'vitest'
import { checkSessionCommand } from '../../src/command/session-options.js'

test.each([
  [{ cwd: '/x' }, 'cwd'],
  [{ env: {} }, 'env'],
  [{ inheritEnv: [] }, 'inheritEnv'],
  [{ user: '1' }, 'user'],
  [{ secrets: [] }, 'secrets'],
  [{ detached: true }, 'detached'],
])('%j is no option of a command in a session', (options, option) => {
  const refusal = { code: 'INVALID_OPTION', message: expect.stringContaining(option) as string }
  expect(() => checkSessionCommand(options)).toThrow(expect.objectContaining(refusal))
})

test('what concerns the command alone is', () => {
  expect(() =>
    checkSessionCommand({ stdin: 'x', timeoutMs: 1000, detached: false, cwd: undefined }),
  ).not.toThrow()
})
